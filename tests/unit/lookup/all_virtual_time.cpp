// No test of this program waits for another thread or a real peer, so all of its time is virtual.
#include "tests/unit/virtual_time.hpp"

static const mtasts::fake::VirtualTime virtual_time;
