// local_shortage - notes when this process could not get a socket, so that a failure at that time is not
// taken for an answer about a domain.
//
// Descriptors belong to the process, so there is one note for all of it. Any thread.
#pragma once

#include <chrono>

#include "core/address.hpp"

namespace mtasts {

// Whether an errno says that this host lacks something: descriptors, memory, buffers, a local address or
// port.
bool is_local_shortage(int error) noexcept;

// The same for a connect() to an address. A host without IPv6 has no local address for any IPv6 address and
// never will: it lacks nothing, but the address is out of its reach.
bool is_local_shortage(int error, const Address& dialled) noexcept;

// Whether this host has an IPv6 address by which it reaches others. If in doubt, it has.
bool has_ipv6() noexcept;

// Notes that something failed just now because of a local shortage.
void note_local_shortage() noexcept;

// True if a shortage was noted since begin, or if no socket can be made now.
bool local_shortage_since(std::chrono::steady_clock::time_point begin) noexcept;

// What failed because of a shortage is tried again for shortage_patience, every shortage_pause.
inline constexpr std::chrono::milliseconds shortage_patience{1000}, shortage_pause{200};

}  // namespace mtasts
