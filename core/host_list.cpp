#include "core/host_list.hpp"

#include <algorithm>
#include <charconv>

#include "core/text.hpp"

namespace mtasts {
namespace {

constexpr bool proves(HostState state) noexcept {
  return !has_failed(state) && state != HostState::not_asked;
}

constexpr OctetSet letters([](char c) { return std::string_view("un0ifFx-").contains(c); });
constexpr OctetSet proof_letters([](char c) {
  return letters.contains(c) && proves(static_cast<HostState>(c));
});
constexpr OctetSet digits([](char c) { return is_digit(c); });
constexpr std::size_t line_head = 2;     // letter and group
constexpr std::size_t most_digits = 12;  // of a time in seconds; enough for the year 9999 and beyond
constexpr std::int64_t greatest_time = 999'999'999'999;  // seconds, in as many digits
constexpr OctetSet host_octets([](char c) {
  return is_lower(c) || is_digit(c) || c == '-' || c == '.' || c == '_';
});

// Takes " u1790000000" off the front, if it is there. False: what is there is malformed.
bool take_proof(std::string_view& hosts) noexcept {
  if (!hosts.starts_with(' ')) return true;
  if (hosts.size() < 2 || !proof_letters.contains(hosts[1])) return false;
  hosts.remove_prefix(2);
  std::size_t size = digits.span(hosts);
  bool leading_zero = size > 1 && hosts.front() == '0';
  hosts.remove_prefix(size);
  return size > 0 && size <= most_digits && !leading_zero;
}

// Takes a line off the front, without the '\n' that may follow. False: it is malformed.
bool take_line(std::string_view& hosts) noexcept {
  if (hosts.size() <= line_head || !letters.contains(hosts[0])) return false;
  if (hosts[1] != '+' && hosts[1] != '=') return false;
  hosts.remove_prefix(line_head);
  std::size_t name = host_octets.span(hosts);
  hosts.remove_prefix(name);
  return name > 0 && take_proof(hosts);
}

}  // namespace

std::string_view words(HostState state) noexcept {
  switch (state) {
    case HostState::usable: return "usable TLSA";
    case HostState::unusable: return "unusable TLSA";
    case HostState::none: return "no TLSA";
    case HostState::insecure: return "insecure";
    case HostState::failed:
    case HostState::lost: return "failed";
    case HostState::unreachable: return "no address";
    case HostState::not_asked: return "not looked at";
  }
  return "failed";
}

std::optional<HostProof> HostLine::proof() const noexcept {
  std::size_t end = line_.find(' ');
  if (end == std::string_view::npos) return std::nullopt;
  std::string_view proof = line_.substr(end + 1), time = proof.substr(1);
  std::int64_t seconds = 0;
  std::from_chars(time.data(), time.data() + time.size(), seconds);
  return HostProof{static_cast<HostState>(proof[0]), Time(std::chrono::seconds(seconds))};
}

std::optional<HostListView> HostListView::parse(std::string_view text) noexcept {
  HostListView list(text);
  if (text.empty()) return list;
  while (take_line(text)) {
    if (text.empty()) return list;
    if (text.front() != '\n') return std::nullopt;
    text.remove_prefix(1);
  }
  return std::nullopt;
}

void HostList::append(HostState state, bool first_of_group, const DomainName& name,
                      const std::optional<HostProof>& proof) {
  if (!text_.empty()) text_ += '\n';
  text_ += static_cast<char>(state);
  text_ += first_of_group ? '+' : '=';
  text_ += name.str();
  if (!proof || !proves(proof->state)) return;
  text_ += ' ';
  text_ += static_cast<char>(proof->state);
  text_ += std::to_string(std::clamp<std::int64_t>(proof->at.time_since_epoch().count(), 0, greatest_time));
}

}  // namespace mtasts
