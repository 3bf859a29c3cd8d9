// Nothing: CMake wants a source for the library that owns a precompiled header.
