import { ConnectionError, defaultFrameBytesMax, errorCode, setting, windowBytesMax } from './frames.ts';

const settingBytes = 6;

/** What of a client's settings concerns what is sent to it. */
export interface ClientSettings {
  readonly initialWindow?: number;
  readonly frameBytesMax?: number;
}

/** The settings in a frame's payload; what isn't known is left out (RFC 9113, section 6.5). */
export function settingsIn(payload: Buffer): ClientSettings {
  if (payload.byteLength % settingBytes !== 0) {
    throw new ConnectionError(errorCode.frameSize, `SETTINGS of ${payload.byteLength} bytes`);
  }
  let settings: ClientSettings = {};
  for (let at = 0; at < payload.byteLength; at += settingBytes) {
    settings = { ...settings, ...settingOf(payload.readUInt16BE(at), payload.readUInt32BE(at + 2)) };
  }
  return settings;
}

function settingOf(name: number, value: number): ClientSettings {
  switch (name) {
    case setting.enablePush:
      if (value > 1) throw new ConnectionError(errorCode.protocol, `SETTINGS_ENABLE_PUSH ${value}`);
      return {};
    case setting.initialWindow:
      if (value <= windowBytesMax) return { initialWindow: value };
      throw new ConnectionError(errorCode.flowControl, `SETTINGS_INITIAL_WINDOW_SIZE ${value}`);
    case setting.frameBytesMax:
      if (value >= defaultFrameBytesMax && value < 2 ** 24) return { frameBytesMax: value };
      throw new ConnectionError(errorCode.protocol, `SETTINGS_MAX_FRAME_SIZE ${value}`);
    default: // The size of its header table is no matter: none is used.
      return {};
  }
}
