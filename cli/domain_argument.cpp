#include "cli/domain_argument.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <variant>

#include "answer/json.hpp"
#include "answer/key.hpp"
#include "core/finding.hpp"
#include "core/mail_address.hpp"
#include "core/text.hpp"

namespace mtasts {
namespace {

constexpr std::string_view domain_form = "write it as example.com";
constexpr std::string_view next_hop_form = "write it as example.com or [mx.example.com]:587";

std::string_view without_white_space(std::string_view text) noexcept {
  constexpr std::string_view white_space = " \t\r\n";
  auto begin = text.find_first_not_of(white_space);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(white_space) + 1 - begin);
}

bool take_scheme(std::string_view& text, std::string_view scheme) noexcept {
  if (text.size() < scheme.size() || !equal_folded(text.substr(0, scheme.size()), scheme)) return false;
  text.remove_prefix(scheme.size());
  return true;
}

// The host of a link, after its scheme (RFC 3986 §3.2).
std::string_view host_of_link(std::string_view text) noexcept {
  text = text.substr(0, text.find_first_of("/?#"));
  if (auto at = text.rfind('@'); at != std::string_view::npos) text.remove_prefix(at + 1);
  return text.starts_with('[') ? text : text.substr(0, text.find(':'));
}

// The next hop in what people paste.
std::string_view next_hop_in(std::string_view text) noexcept {
  text = without_white_space(text);
  if (take_scheme(text, "https://") || take_scheme(text, "http://")) return host_of_link(text);
  if (take_scheme(text, "mailto:")) text = text.substr(0, text.find('?'));
  return text.contains('@') ? mail_address_of(text).domain : text;
}

std::string in_words(const NextHop& hop) {
  auto name = hop.bracketed ? fmt::format("[{}]", hop.domain.str()) : std::string(hop.domain.str());
  return hop.port.empty() ? name : fmt::format("{}:{}", name, hop.port);
}

std::string why_refused(std::string_view text, const Key& key, std::string_view form) {
  const auto* why = std::get_if<NotAHost>(&key.next_hop);
  auto quoted = in_quotes(text);
  if (without_white_space(text).empty()) return fmt::format("the domain is empty; {}", form);
  if (why != nullptr && *why == NotAHost::address)
    return fmt::format("{} names an IP address, which has no policy; name the domain: {}", quoted, form);
  if (why != nullptr && *why == NotAHost::parent)
    return fmt::format("{} begins with a dot: a parent-domain key never has a policy; {}", quoted, form);
  if (key.idna_failed) return fmt::format("{} is not a valid internationalised name; {}", quoted, form);
  return fmt::format("{} is not a host or domain name; {}", quoted, form);
}

DomainArgument understood(std::string_view text, std::string domain) {
  if (domain == text) return {std::move(domain), {}, {}};
  auto note = fmt::format("{} is understood as {}", in_quotes(text), domain);
  return {std::move(domain), std::move(note), std::string(text)};
}

}  // namespace

Result<DomainArgument> read_domain(std::string_view text) {
  std::string scratch;
  Key key = read_key(next_hop_in(text), scratch);
  const auto* hop = std::get_if<NextHop>(&key.next_hop);
  if (hop == nullptr) return fail(Fault::syntax, why_refused(text, key, domain_form));
  if (hop->bracketed || !hop->port.empty())
    return fail(Fault::syntax, fmt::format("{} has brackets or a port; name the domain alone: {}",
                                           in_quotes(text), hop->domain.str()));
  return understood(text, std::string(hop->domain.str()));
}

Result<DomainArgument> read_next_hop(std::string_view text) {
  std::string scratch;
  Key key = read_key(next_hop_in(text), scratch);
  const auto* hop = std::get_if<NextHop>(&key.next_hop);
  if (hop == nullptr) return fail(Fault::syntax, why_refused(text, key, next_hop_form));
  return understood(text, in_words(*hop));
}

void tell(const DomainArgument& argument, const Terminal& terminal) {
  if (!argument.note.empty() && !terminal.json) terminal.err << "mtastsctl: note: " << argument.note << '\n';
}

void tell(const DomainArgument& argument, boost::json::object& object) {
  if (!argument.note.empty()) object["understood_as"] = to_json(argument.domain);
}

}  // namespace mtasts
