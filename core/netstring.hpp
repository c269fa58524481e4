// netstring - framing of the socketmap protocol: "<length>:<bytes>," (SM-1).
//
// NetstringDecoder looks at bytes that somebody else holds and owns nothing; sockets, tests and fuzzers feed
// it alike. Limits: a length above the given limit is refused before its bytes are awaited; leading zeros,
// signs and more than seven digits are refused. After a fault the caller must close the connection: nothing
// in it can be trusted (SM-14).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace mtasts {

struct Frame {
  enum class State {
    whole,     // payload is one request; used bytes may be dropped once it is answered
    partial,   // more bytes are needed; `wanted` in all, as far as known
    bad,       // not a netstring
    too_long,  // length above the limit
  };
  State state;
  std::string_view payload;  // whole only; lives as long as the input bytes
  std::size_t used = 0;      // whole only
  std::size_t wanted = 0;    // partial only: at least this many bytes are needed from the start of the input
};

// Looks at the front of input. Never reads past it, never throws.
Frame next_frame(std::string_view input, std::size_t max_payload) noexcept;

// Appends payload as a netstring to out.
void append_netstring(std::string& out, std::string_view payload);

// The same without copying the payload: it stands in bytes behind netstring_room octets of any kind. The
// frame lives as long as bytes is not changed.
inline constexpr std::size_t netstring_room = 24;
std::string_view frame_in_place(std::string& bytes);

}  // namespace mtasts
