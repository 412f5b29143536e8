// Records a stream of sound in slices, so that stopping, or a microphone that is pulled out, loses nothing.

const SLICE_MS = 1000;
const FORMS = ["audio/webm;codecs=opus", "audio/ogg;codecs=opus", "audio/mp4"];
const RAW = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };

// Why nothing can be recorded here, or an empty text.
export function whyNot() {
  if (!window.isSecureContext)
    return "Browsers give the microphone only to pages of this computer or over https. Upload a file instead.";
  if (!window.MediaRecorder || !navigator.mediaDevices?.getUserMedia)
    return "This browser can't record sound. Upload a file instead, or open the page in another one.";
  return "";
}

function explain(error) {
  if (error.name === "NotAllowedError") return "The microphone was not allowed: allow it beside the page's address, then try again.";
  if (error.name === "NotFoundError") return "There is no microphone: plug one in, or upload a file.";
  if (error.name === "NotReadableError") return "Another program has the microphone: close it, then try again.";
  return `The sound can't be recorded (${error.message}): try again, or upload a file.`;
}

export class Recorder {
  // `changed(level, seconds)` is called while it records: the peak, 0..1, and how long; `ended(blob, seconds)` after it.
  constructor(changed, ended) {
    this.changed = changed;
    this.ended = ended;
    this.recorder = null;
  }

  get running() {
    return this.recorder !== null;
  }

  // Starts with a stream that is there, or with the microphone. Throws an Error with a sentence.
  async start(shared = null) {
    try {
      const stream = shared ? new MediaStream(shared.getAudioTracks().map((track) => track.clone()))
        : await navigator.mediaDevices.getUserMedia({ audio: RAW });
      this.run(stream);
    } catch (error) {
      throw new Error(explain(error));
    }
  }

  run(stream) {
    const mimeType = FORMS.find((form) => MediaRecorder.isTypeSupported(form)) ?? "";
    const recorder = new MediaRecorder(stream, { mimeType, audioBitsPerSecond: 160_000 });
    const slices = [], began = performance.now();
    const seconds = () => (performance.now() - began) / 1000;
    const level = listen(stream);
    const timer = setInterval(() => this.changed(level.peak(), seconds()), 100);
    let length = 0;
    const awake = navigator.wakeLock?.request("screen").catch(() => null); // a phone that sleeps stops recording
    recorder.ondataavailable = ({ data }) => {
      if (data.size) slices.push(data);
      length = seconds();
    };
    recorder.onstop = async () => {
      clearInterval(timer);
      level.close();
      for (const track of stream.getTracks()) track.stop();
      this.recorder = null;
      this.ended(new Blob(slices, { type: recorder.mimeType }), length);
      (await awake)?.release();
    };
    recorder.start(SLICE_MS);
    this.recorder = recorder;
  }

  stop() {
    if (this.recorder?.state === "recording") this.recorder.stop();
  }
}

// The peak of a stream since the last look.
function listen(stream) {
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  analyser.fftSize = 4096;
  context.createMediaStreamSource(stream).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  return {
    peak() {
      analyser.getFloatTimeDomainData(samples);
      return samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
    },
    close: () => context.close(),
  };
}
