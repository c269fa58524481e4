// netstring - framing of the socketmap protocol: "<length>:<bytes>," (SM-1).
//
// next_frame() reads bytes that its caller holds, and owns nothing; sockets, tests and fuzzers use it alike.
// A length above the given limit is refused before its bytes arrive. Leading zeros, signs and more than seven
// digits are refused. After a fault the caller must close the connection: nothing that follows can be trusted
// (SM-14).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace mtasts {

struct Frame {
  enum class State {
    whole,     // payload is one request; drop `used` bytes when it is answered
    partial,   // more bytes are needed: at least `wanted` in all
    bad,       // not a netstring
    too_long,  // length above the limit
  };
  State state;
  std::string_view payload;  // whole only; lives as long as the input bytes
  std::size_t used = 0;      // whole only
  std::size_t wanted = 0;    // partial only: bytes needed, counted from the start of the input
};

// Reads the frame at the front of input. Never reads past its end, never throws.
Frame next_frame(std::string_view input, std::size_t max_payload) noexcept;

// Appends payload as a netstring to out.
void append_netstring(std::string& out, std::string_view payload);

// The same without copying the payload. bytes: netstring_room octets of any value, then the payload. Changes
// bytes, and returns the frame within it, which lives until bytes is changed.
inline constexpr std::size_t netstring_room = 24;
std::string_view frame_in_place(std::string& bytes);

}  // namespace mtasts
