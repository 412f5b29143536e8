"""Whether an X server has a window manager: SDL leaves fullscreen to it, and a bare stage machine may have none."""

import ctypes
import ctypes.util


def has_window_manager() -> bool:
    """False only where X11 answers and no window manager has announced itself (EWMH, _NET_SUPPORTING_WM_CHECK)."""
    name = ctypes.util.find_library("X11")
    if name is None:
        return True
    try:
        x11 = ctypes.CDLL(name)
    except OSError:
        return True
    x11.XOpenDisplay.restype = ctypes.c_void_p
    x11.XDefaultRootWindow.restype = x11.XInternAtom.restype = ctypes.c_ulong
    display = x11.XOpenDisplay(None)
    if not display:
        return True
    handle = ctypes.c_void_p(display)
    try:
        root = ctypes.c_ulong(x11.XDefaultRootWindow(handle))
        atom = ctypes.c_ulong(x11.XInternAtom(handle, b"_NET_SUPPORTING_WM_CHECK", 0))
        kind, count, left = ctypes.c_ulong(), ctypes.c_ulong(), ctypes.c_ulong()
        form, data = ctypes.c_int(), ctypes.c_void_p()
        x11.XGetWindowProperty(
            handle,
            root,
            atom,
            ctypes.c_long(0),
            ctypes.c_long(1),
            0,
            ctypes.c_ulong(0),
            ctypes.byref(kind),
            ctypes.byref(form),
            ctypes.byref(count),
            ctypes.byref(left),
            ctypes.byref(data),
        )
        if data.value:
            x11.XFree(data)
        return count.value > 0
    finally:
        x11.XCloseDisplay(handle)
