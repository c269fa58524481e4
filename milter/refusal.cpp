#include "milter/refusal.hpp"

#include <fmt/format.h>

#include "core/finding.hpp"

namespace mtasts {
namespace {

constexpr std::size_t most_of_an_address = 254;
constexpr std::size_t most_of_libmilter = 980;

// "<bob@example.com>", however the client wrote it.
std::string in_brackets(std::string_view path) {
  return fmt::format("<{}>", printable(without_brackets(path), most_of_an_address));
}

Refusal make(const ReplyCode& code, std::string text) {
  return {code.code, code.status, printable(text, longest_reply_text)};
}

}  // namespace

Refusal refuse_recipient(const ReplyCode& code, std::string_view demand, const Failing& failing, bool known) {
  constexpr std::string_view form = "{}: this message requires verified TLS ({}), {}{}{}: {}";
  return make(code, fmt::format(form, in_brackets(failing.recipient), demand,
                                known ? "which mail to " : "but it is not known yet whether mail to ",
                                failing.domain, known ? " does not get" : " gets it", failing.reason));
}

Refusal refuse_message(const ReplyCode& code, std::string_view demand, std::span<const Failing> failing,
                       std::size_t in_all, bool known) {
  std::string text = fmt::format("this message requires verified TLS ({}), {}: ", demand,
                                 known ? "which mail to these recipients does not get"
                                       : "but it is not known yet whether mail to these recipients gets it");
  std::size_t named = 0;
  for (const Failing& each : failing) {
    std::string next = fmt::format("{}{} ({}: {})", named == 0 ? "" : ", ", in_brackets(each.recipient),
                                   each.domain, each.reason);
    constexpr std::size_t room_for_more = 20;  // " and 10000000 more"
    if (named > 0 && text.size() + next.size() + room_for_more > longest_reply_text) break;
    text += next;
    if (++named == most_named) break;
  }
  if (in_all > named) text += fmt::format(" and {} more", in_all - named);
  return make(code, std::move(text));
}

Refusal refuse_off_policy(const ReplyCode& code, const Failing& failing) {
  return make(code, fmt::format("{}: the MTA-STS policy of {} lists none of its MX hosts, so mail would wait "
                                "until the domain's owner mends one of them",
                                in_brackets(failing.recipient), failing.domain));
}

std::string_view without_brackets(std::string_view path) noexcept {
  if (path.starts_with('<')) path.remove_prefix(1);
  if (path.ends_with('>')) path.remove_suffix(1);
  return path;
}

std::string for_libmilter(std::string_view text) {
  std::string out;
  for (char c : text) {
    std::string_view next = c == '%' ? std::string_view("%%") : std::string_view(&c, 1);
    if (out.size() + next.size() > most_of_libmilter) break;
    out += next;
  }
  return out;
}

}  // namespace mtasts
