// local_shortage - when this process could not get a socket, so that what fails then is not taken for an
// answer about a domain.
//
// Descriptors are the process's, so this is too. Any thread.
#pragma once

#include <chrono>

#include "core/address.hpp"

namespace mtasts {

// Whether an errno says that this host lacks something: descriptors, memory, buffers, a local address or
// port.
bool is_local_shortage(int error) noexcept;

// The same of a connect() to an address. A host without IPv6 has no local address for any IPv6 address and
// never will: it lacks nothing, the address is out of its reach.
bool is_local_shortage(int error, const Address& dialled) noexcept;

// Something failed by a local shortage just now.
void note_local_shortage() noexcept;

// Whether a shortage was noted since then, or no socket can be made now.
bool local_shortage_since(std::chrono::steady_clock::time_point begin) noexcept;

// What failed by a shortage is tried again for so long, at these intervals.
inline constexpr std::chrono::milliseconds shortage_patience{1000}, shortage_pause{200};

}  // namespace mtasts
