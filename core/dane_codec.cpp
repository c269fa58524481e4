#include "core/dane_codec.hpp"

#include <algorithm>
#include <array>
#include <type_traits>
#include <utility>

namespace mtasts {
namespace {

constexpr std::size_t head_size = 1 + 2 + 1 + 1 + 2 + 3 * 8 + 2 + 2;
constexpr unsigned bracketed_flag = 1, off_policy_flag = 2;
constexpr std::int64_t last_time = 253'402'300'799;  // the end of the year 9999: sums of times can't overflow

// These numbers are in files. New enumerators may only be added at the end.
static_assert(std::to_underlying(MxState::null_mx) == 3 && std::to_underlying(MxTrouble::bogus) == 2);

void append_state(std::string& out, const DaneState& s) {
  std::string_view detail = std::string_view(s.detail).substr(0, max_dane_detail);
  std::string_view hosts = s.hosts.text().size() <= max_dane_hosts ? s.hosts.text() : std::string_view();
  append_little(out, (s.route.bracketed ? bracketed_flag : 0) | (s.off_policy ? off_policy_flag : 0), 1);
  append_little(out, s.route.port, 2);
  append_little(out, std::to_underlying(s.mx), 1);
  append_little(out, std::to_underlying(s.trouble), 1);
  append_little(out, s.failures, 2);
  for (Time time : {s.looked_up_at, s.valid_until, s.next_try})
    append_little(out, static_cast<std::uint64_t>(stored_seconds(time)), 8);
  append_little(out, detail.size(), 2);
  append_little(out, hosts.size(), 2);
  out.append(detail).append(hosts);
}

struct Numbers {
  std::uint8_t flags;
  std::uint16_t port;
  std::uint8_t mx, trouble;
  std::uint16_t failures;
  std::int64_t looked_up_at, valid_until, next_try;
  std::uint16_t detail_size, hosts_size;
};

std::size_t texts_size(const Numbers& n) noexcept { return std::size_t{n.detail_size} + n.hosts_size; }

Route route_of(const Numbers& n) noexcept { return {(n.flags & bracketed_flag) != 0, n.port}; }

bool numbers_hold(const Numbers& n, std::size_t rest) noexcept {
  return n.flags <= (bracketed_flag | off_policy_flag) && n.mx <= std::to_underlying(MxState::null_mx) &&
         n.trouble <= std::to_underlying(MxTrouble::bogus) && seconds_hold(n.looked_up_at) &&
         seconds_hold(n.valid_until) && seconds_hold(n.next_try) && n.detail_size <= max_dane_detail &&
         n.hosts_size <= max_dane_hosts && texts_size(n) <= rest;
}

Numbers take_numbers(std::string_view& bytes) noexcept {
  Numbers n{};
  auto take = [&](auto& field) { field = take_number<std::remove_reference_t<decltype(field)>>(bytes); };
  take(n.flags), take(n.port), take(n.mx), take(n.trouble), take(n.failures);
  take(n.looked_up_at), take(n.valid_until), take(n.next_try), take(n.detail_size), take(n.hosts_size);
  return n;
}

}  // namespace

void append_little(std::string& out, std::uint64_t value, std::size_t octets) {
  for (std::size_t i = 0; i < octets; ++i) out += static_cast<char>(value >> (8 * i) & 0xFF);
}

std::int64_t stored_seconds(Time time) noexcept {
  return std::clamp<std::int64_t>(time.time_since_epoch().count(), 0, last_time);
}

bool seconds_hold(std::int64_t seconds) noexcept { return seconds >= 0 && seconds <= last_time; }

void append_dane(std::string& out, std::span<const DaneState> states) {
  for (const DaneState& state : states) append_state(out, state);
}

std::optional<StoredDane> StoredDane::parse(std::string_view bytes) noexcept {
  const StoredDane states(bytes);
  std::array<Route, max_dane_states> routes;
  std::size_t count = 0;
  while (!bytes.empty()) {
    if (bytes.size() < head_size || count == max_dane_states) return std::nullopt;
    const Numbers n = take_numbers(bytes);
    if (!numbers_hold(n, bytes.size())) return std::nullopt;
    if (!HostListView::parse(bytes.substr(n.detail_size, n.hosts_size))) return std::nullopt;
    bytes.remove_prefix(texts_size(n));
    routes[count] = route_of(n);
    if (std::find(routes.begin(), routes.begin() + count, routes[count]) != routes.begin() + count)
      return std::nullopt;
    ++count;
  }
  return states;
}

DaneView StoredDane::front(std::string_view bytes) noexcept {
  const Numbers n = take_numbers(bytes);
  return {.route = route_of(n),
          .mx = static_cast<MxState>(n.mx),
          .trouble = static_cast<MxTrouble>(n.trouble),
          .off_policy = (n.flags & off_policy_flag) != 0,
          .hosts = HostListView(bytes.substr(n.detail_size, n.hosts_size)),
          .detail = bytes.substr(0, n.detail_size),
          .looked_up_at = to_time(n.looked_up_at),
          .valid_until = to_time(n.valid_until),
          .next_try = to_time(n.next_try),
          .failures = n.failures};
}

std::size_t StoredDane::front_size(std::string_view bytes) noexcept {
  return head_size + texts_size(take_numbers(bytes));
}

}  // namespace mtasts
