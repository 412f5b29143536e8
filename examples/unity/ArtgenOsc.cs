// artgen-osc in Unity, without any package: put this file into Assets and the component onto a GameObject with a
// Renderer. Start: artgen live --input demo --osc 127.0.0.1:9007
// The object takes its colour from the mood, turns with the tempo and jumps on the beat.
// Up and down arrow: the picture of our renderer travels faster or slower.

using System;
using System.Net;
using System.Net.Sockets;
using System.Text;
using UnityEngine;

public class ArtgenOsc : MonoBehaviour
{
    public int port = 9007;
    public string rendererHost = "127.0.0.1";
    public int rendererPort = 9101;

    // For other scripts and for the inspector.
    [Range(0, 1)] public float valence = 0.5f;
    [Range(0, 1)] public float energy = 0.5f;
    [Range(0, 1)] public float phase = 1f;
    public float tempo;
    public int beats;
    public event Action<int> Beat;

    UdpClient socket;
    float speed = 1f;

    void OnEnable()
    {
        socket = new UdpClient(new IPEndPoint(IPAddress.Loopback, port));
    }

    void OnDisable()
    {
        socket.Close();
    }

    void Update()
    {
        var sender = new IPEndPoint(IPAddress.Any, 0);
        while (socket.Available > 0)
        {
            byte[] packet = socket.Receive(ref sender);
            Read(packet, 0, packet.Length);
        }
        float flash = Mathf.Max(0f, 1f - 3f * phase);
        transform.localScale = Vector3.one * (1f + 0.5f * energy + 0.3f * flash);
        transform.Rotate(0f, 6f * tempo / 4f * Time.deltaTime, 0f);
        // Sad is blue, happy is amber; energy is saturation.
        float hue = Mathf.Repeat((230f + 170f * valence) / 360f, 1f);
        GetComponent<Renderer>().material.color = Color.HSVToRGB(hue, 0.3f + 0.7f * energy, 0.5f + 0.5f * valence);

        float change = (Input.GetKey(KeyCode.UpArrow) ? 1f : 0f) - (Input.GetKey(KeyCode.DownArrow) ? 1f : 0f);
        if (change != 0f)
        {
            speed = Mathf.Clamp(speed + 2f * change * Time.deltaTime, 0f, 8f);
            Send("/visuals/speed", speed);
        }
    }

    void Hear(string address, float value)
    {
        if (address == "/artgen/valence") valence = value;
        else if (address == "/artgen/energy") energy = value;
        else if (address == "/artgen/tempo_bpm") tempo = value;
        else if (address == "/artgen/beat/phase") phase = value;
        else if (address == "/artgen/beat/count" && (int)value != beats)
        {
            // The counter, not the pulse: a lost datagram loses nothing.
            beats = (int)value;
            Beat?.Invoke(beats);
        }
    }

    // A message or a bundle (OSC 1.0); whatever is cut off is left out.
    void Read(byte[] data, int at, int end)
    {
        if (end - at >= 16 && Encoding.ASCII.GetString(data, at, 7) == "#bundle")
        {
            at += 16;
            while (at + 4 <= end)
            {
                int size = Int(data, at);
                at += 4;
                if (size <= 0 || size > end - at) return;
                Read(data, at, at + size);
                at += size;
            }
            return;
        }
        string address = Text(data, ref at, end);
        string tags = Text(data, ref at, end);
        if (at + 4 > end) return;
        if (tags == ",f") Hear(address, BitConverter.ToSingle(BitConverter.GetBytes(Int(data, at)), 0));
        else if (tags == ",i") Hear(address, Int(data, at));
    }

    static int Int(byte[] data, int at)
    {
        return data[at] << 24 | data[at + 1] << 16 | data[at + 2] << 8 | data[at + 3];
    }

    static string Text(byte[] data, ref int at, int end)
    {
        int zero = at;
        while (zero < end && data[zero] != 0) zero++;
        string text = Encoding.ASCII.GetString(data, at, zero - at);
        at += (zero - at) / 4 * 4 + 4;
        return text;
    }

    public void Send(string address, float value)
    {
        byte[] packet = new byte[(address.Length / 4 + 1) * 4 + 8];
        Encoding.ASCII.GetBytes(address, 0, address.Length, packet, 0);
        packet[packet.Length - 8] = (byte)',';
        packet[packet.Length - 7] = (byte)'f';
        byte[] number = BitConverter.GetBytes(value);
        if (BitConverter.IsLittleEndian) Array.Reverse(number);
        Array.Copy(number, 0, packet, packet.Length - 4, 4);
        socket.Send(packet, packet.Length, rendererHost, rendererPort);
    }
}
