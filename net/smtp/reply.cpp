#include "net/smtp/reply.hpp"

#include <algorithm>
#include <utility>

#include "core/text.hpp"

namespace mtasts {
namespace {

constexpr std::size_t code_size = 3;
constexpr std::size_t enough_garbage = 80;  // of a line that can't be SMTP: more of it says no more

// Whether a line of SMTP can begin so.
bool may_begin(std::string_view line) noexcept {
  auto code = line.substr(0, code_size);
  if (!std::ranges::all_of(code, is_digit)) return false;
  if (!code.empty() && (code.front() < '2' || code.front() > '5')) return false;
  return line.size() <= code_size || std::string_view(" -\r").contains(line[code_size]);
}

// line: without its end.
bool is_line(std::string_view line) noexcept {
  bool has_code = line.size() >= code_size && may_begin(line);
  return has_code && (line.size() == code_size || line[code_size] != '\r');
}

unsigned code_of(std::string_view line) noexcept {
  unsigned code = 0;
  for (char digit : line.substr(0, code_size)) code = code * 10 + static_cast<unsigned>(digit - '0');
  return code;
}

}  // namespace

std::size_t ReplyReader::read(std::string_view octets) {
  std::size_t taken = 0;
  while (state_ == State::partial && taken < octets.size()) {
    if (octets_ == limits_.octets) {
      state_ = State::too_long;
      break;
    }
    ++octets_;
    add(octets[taken++]);
  }
  return taken;
}

void ReplyReader::add(char octet) {
  if (std::exchange(line_ended_, false)) line_.clear();
  if (octet == '\n') return end_line();
  line_ += octet;
  if (line_.size() >= enough_garbage && begins_badly()) state_ = State::garbage;
}

void ReplyReader::end_line() {
  line_ended_ = true;
  line_.erase(line_.find_last_not_of('\r') + 1);
  if (++lines_ > limits_.lines) {
    state_ = State::too_long;
    return;
  }
  if (!is_line(line_)) {
    state_ = State::garbage;
    return;
  }
  bool more = line_.size() > code_size && line_[code_size] == '-';
  auto text = line_.substr(std::min(line_.size(), code_size + 1));
  std::ranges::replace(text, '\r', '?');
  reply_.code = code_of(line_);
  reply_.lines.push_back(std::move(text));
  if (!more) state_ = State::whole;
}

bool ReplyReader::begins_badly() const noexcept { return !line_ended_ && !may_begin(line_); }

SmtpReply ReplyReader::take_reply() {
  state_ = State::partial;
  return std::exchange(reply_, {});
}

}  // namespace mtasts
