// Runs on the browser's audio thread: mixes down and cuts the sound into the messages that /sound takes.

const CHUNK = 512; // frames: 10.7 ms at 48 kHz, about one step of the analysis
const HEAD = 8;

class CaptureProcessor extends AudioWorkletProcessor {
  constructor() {
    super();
    this.frame = 0; // of the next chunk, counted from the start of the capture
    this.begin();
  }

  begin() {
    this.packet = new ArrayBuffer(HEAD + 2 * CHUNK);
    this.samples = new DataView(this.packet);
    this.filled = this.peak = 0;
  }

  process([channels]) {
    const length = channels[0]?.length ?? 128; // without a channel: the track is silent, and time goes on
    for (let i = 0; i < length; i++) {
      let sum = 0;
      for (const channel of channels) sum += channel[i];
      const value = Math.max(-1, Math.min(1, sum / (channels.length || 1))) || 0;
      this.peak = Math.max(this.peak, Math.abs(value));
      this.samples.setInt16(HEAD + 2 * this.filled, Math.round(32767 * value), true);
      if (++this.filled === CHUNK) this.send();
    }
    return true;
  }

  send() {
    this.samples.setBigUint64(0, BigInt(this.frame), true);
    this.frame += CHUNK;
    this.port.postMessage({ packet: this.packet, peak: this.peak, frame: this.frame }, [this.packet]);
    this.begin();
  }
}

registerProcessor("capture", CaptureProcessor);
