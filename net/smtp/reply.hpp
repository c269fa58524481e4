// reply - reads SMTP replies (RFC 5321 §4.2) from octets as they arrive. Pure.
//
// The octets are a peer's, so any are handled. However they are split, the result is the same.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "ports/smtp.hpp"

namespace mtasts {

// For all replies of one dialogue together.
struct ReplyLimits {
  std::size_t octets = 64 * 1024;  // line ends and codes included
  unsigned lines = 512;
};

// Reads one reply after the other. A line ends with CRLF or LF. Its code has three digits and is from 200 to
// 599; then comes "-" if there are further lines, else a blank or nothing. If the lines of a reply have
// different codes, the last one counts, as in Postfix. A CR inside a line becomes "?".
class ReplyReader {
 public:
  enum class State {
    partial,   // wants more octets
    whole,     // there is a reply: take_reply()
    garbage,   // a line is not of SMTP; evidence() shows it
    too_long,  // the limits are exceeded
  };

  explicit ReplyReader(ReplyLimits limits = {}) noexcept : limits_(limits) {}

  // Reads up to the end of a reply, and returns how many octets it took. In every state but partial it takes
  // none.
  std::size_t read(std::string_view octets);
  State state() const noexcept { return state_; }

  // Hands the reply out, and begins the next one. REQUIRES: state() is whole.
  SmtpReply take_reply();

  // True if the beginning of a line, whose end has not come yet, can't be SMTP. For a caller whose connection
  // has ended.
  bool begins_badly() const noexcept;
  // The last line that came, or its beginning, without a line end: any octets.
  std::string_view evidence() const noexcept { return line_; }

 private:
  void add(char octet);
  void end_line();

  ReplyLimits limits_;
  State state_ = State::partial;
  std::size_t octets_ = 0;
  unsigned lines_ = 0;
  std::string line_;
  SmtpReply reply_;
  bool line_ended_ = false;  // line_ is one that was read before
};

}  // namespace mtasts
