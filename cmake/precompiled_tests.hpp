// No pragma once: it is read as the last part of a precompiled header. A test names its suite.
#undef CAF_SUITE
