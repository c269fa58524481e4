#include "core/record.hpp"

#include <algorithm>
#include <concepts>
#include <tuple>
#include <type_traits>
#include <utility>

#include "core/policy_life.hpp"
#include "core/reply.hpp"
#include "core/text.hpp"

namespace mtasts {

namespace {

// The fields at the front (docs/CACHE_FORMAT.md). The texts follow, and the checksum comes last.
struct Head {
  std::uint8_t version, mode, state, id_size, failed_id_size;
  std::uint16_t failures, detail_size;
  std::uint32_t max_age, mx_size, lines_size;
  std::int64_t fetched_at, refresh_at, looked_up_at, next_check, retry_fetch;
  std::uint32_t dane_size;  // since version 2
};
constexpr std::uint8_t first_version = 1;
constexpr std::size_t first_head_size = 5 + 2 * 2 + 3 * 4 + 5 * 8;
constexpr std::size_t head_size = first_head_size + 4;
constexpr std::size_t checksum_size = 4;

constexpr std::uint8_t no_policy = 0xFF;  // in place of a mode
constexpr std::size_t max_id = 32, max_detail = 500;
constexpr std::uint8_t lost_bit = 0x80;  // in the octet of the state
constexpr OctetSet id_octets([](char c) { return is_alnum(c); });

// The numbers of StsState and Mode are in files, except that of current, which is written as 0, like
// not_asked. With a policy 0 means current; without one it means not looked up yet. New enumerators may only
// be added at the end.
static_assert(std::to_underlying(StsState::not_asked) == 0 && std::to_underlying(StsState::no_record) == 1 &&
              std::to_underlying(StsState::bad_record) == 2 &&
              std::to_underlying(StsState::dns_failed) == 3 &&
              std::to_underlying(StsState::fetch_failed) == 4 && std::to_underlying(StsState::pending) == 5);
static_assert(std::to_underlying(Mode::none) == 0 && std::to_underlying(Mode::testing) == 1 &&
              std::to_underlying(Mode::enforce) == 2);

std::uint8_t stored_number(StsState state) noexcept {
  return std::to_underlying(state == StsState::current ? StsState::not_asked : state);
}

StsState state_from(std::uint8_t number, bool has_policy) noexcept {
  auto state = static_cast<StsState>(number);
  return state == StsState::not_asked && has_policy ? StsState::current : state;
}

template <class F>
void for_each_field(auto& head, F&& f) {
  f(head.version), f(head.mode), f(head.state), f(head.id_size), f(head.failed_id_size), f(head.failures);
  f(head.detail_size), f(head.max_age), f(head.mx_size), f(head.lines_size), f(head.fetched_at);
  f(head.refresh_at), f(head.looked_up_at), f(head.next_check), f(head.retry_fetch);
  if (head.version > first_version) f(head.dane_size);
}

template <std::integral T>
void append_number(std::string& out, T value) {
  append_little(out, static_cast<std::uint64_t>(value), sizeof(T));
}

std::string_view take_text(std::string_view& bytes, std::size_t size) noexcept {
  std::string_view text = bytes.substr(0, size);
  bytes.remove_prefix(size);
  return text;
}

bool is_id(std::string_view text) noexcept { return text.size() <= max_id && id_octets.all(text); }

bool times_hold(const Head& head) noexcept {
  return seconds_hold(head.fetched_at) && seconds_hold(head.refresh_at) && seconds_hold(head.looked_up_at) &&
         seconds_hold(head.next_check) && seconds_hold(head.retry_fetch);
}

bool sizes_hold(const Head& head, std::size_t texts) noexcept {
  std::uint64_t sum = std::uint64_t{head.id_size} + head.failed_id_size + head.detail_size + head.mx_size +
                      head.lines_size + head.dane_size;
  return sum == texts && head.detail_size <= max_detail && head.mx_size <= max_policy_bytes &&
         head.lines_size <= max_policy_bytes;
}

bool policy_holds(const Head& head) noexcept {
  if (head.mode == no_policy) {
    return head.id_size == 0 && head.mx_size == 0 && head.lines_size == 0 && head.max_age == 0 &&
           head.fetched_at == 0;
  }
  return head.mode <= std::to_underlying(Mode::enforce) && head.max_age <= max_policy_age && head.id_size > 0;
}

struct Parts {
  std::string_view id, lines, dane;
};

Head head_of(const Record& record, const Policy& policy, const Parts& parts) noexcept {
  bool any = record.policy.has_value();
  return {.version = record_version,
          .mode = any ? std::to_underlying(policy.mode) : no_policy,
          .state = static_cast<std::uint8_t>(stored_number(record.last_lookup.state) |
                                             (record.lost && !any ? lost_bit : 0)),
          .id_size = static_cast<std::uint8_t>(parts.id.size()),
          .failed_id_size = static_cast<std::uint8_t>(std::min(record.last_lookup.failed_id.size(), max_id)),
          .failures = record.last_lookup.failures,
          .detail_size = static_cast<std::uint16_t>(std::min(record.last_lookup.detail.size(), max_detail)),
          .max_age = policy.max_age,
          .mx_size = static_cast<std::uint32_t>(policy.mx.text().size()),
          .lines_size = static_cast<std::uint32_t>(parts.lines.size()),
          .fetched_at = any ? stored_seconds(record.fetched_at) : 0,
          .refresh_at = stored_seconds(record.refresh_at),
          .looked_up_at = stored_seconds(record.last_lookup.at),
          .next_check = stored_seconds(record.last_lookup.next_check),
          .retry_fetch = stored_seconds(record.last_lookup.retry_fetch),
          .dane_size = static_cast<std::uint32_t>(parts.dane.size())};
}

std::unexpected<Error> bad(std::string_view why) {
  return fail(Fault::storage, "bad entry: " + std::string(why));
}

// The last octets are the checksum of everything before them.
bool checksum_holds(std::string_view bytes) noexcept {
  if (bytes.size() < checksum_size) return false;
  std::string_view checksum = bytes.substr(bytes.size() - checksum_size);
  bytes.remove_suffix(checksum_size);
  return crc32c(bytes) == take_number<std::uint32_t>(checksum);
}

}  // namespace

void bound_dane_states(Record& record, Time now) {
  if (record.dane.size() <= max_dane_states) return;
  std::ranges::sort(record.dane, std::greater(), [&](const DaneState& state) {
    auto seen = view(state);
    return std::tuple(state.route.port == 25, state_in_force(seen, now), state.failures == 0,
                      proof_counts(seen, now), state.looked_up_at);
  });
  record.dane.erase(record.dane.begin() + max_dane_states, record.dane.end());
}

// Leaves out what the fields say, and what no reply can carry.
static std::string lines_to_store(const Policy& policy) {
  const auto plain = plain_lines(policy);
  if (policy.lines == plain) return {};
  auto lines = carried_lines(view(policy));
  return lines == plain ? std::string() : packed_lines(lines, policy.mx);
}

std::string encode(const Record& record) {
  static const Policy none;
  const Policy& policy = record.policy ? *record.policy : none;
  std::string_view id = record.policy ? std::string_view(record.id).substr(0, max_id) : std::string_view{};
  std::string dane;
  append_dane(dane, std::span(record.dane).first(std::min(record.dane.size(), max_dane_states)));
  const std::string lines = lines_to_store(policy);
  Head head = head_of(record, policy, {id, lines, dane});
  std::string out;
  out.reserve(head_size + id.size() + head.failed_id_size + head.detail_size + policy.mx.text().size() +
              lines.size() + dane.size() + checksum_size);
  for_each_field(head, [&](auto value) { append_number(out, value); });
  out.append(id)
      .append(record.last_lookup.failed_id, 0, max_id)
      .append(record.last_lookup.detail, 0, max_detail);
  out.append(policy.mx.text()).append(lines).append(dane);
  append_number(out, crc32c(out));
  return out;
}

std::optional<std::uint8_t> stored_version(std::string_view bytes) noexcept {
  if (bytes.empty()) return std::nullopt;
  return static_cast<std::uint8_t>(bytes.front());
}

bool is_of_later_version(std::string_view bytes) noexcept {
  return stored_version(bytes).value_or(0) > record_version && checksum_holds(bytes);
}

Result<RecordView> decode(std::string_view bytes) {
  auto version = stored_version(bytes);
  if (!version || *version < first_version || *version > record_version) return bad("version");
  std::size_t least = version == first_version ? first_head_size : head_size;
  if (bytes.size() < least + checksum_size) return bad("too short");
  if (!checksum_holds(bytes)) return bad("checksum");
  bytes.remove_suffix(checksum_size);

  Head head{};
  head.version = *version;
  for_each_field(head,
                 [&](auto& field) { field = take_number<std::remove_reference_t<decltype(field)>>(bytes); });
  if (!sizes_hold(head, bytes.size())) return bad("length of a field");
  bool lost = head.state & lost_bit;
  head.state &= static_cast<std::uint8_t>(~lost_bit);
  if (!policy_holds(head) || !times_hold(head) || head.state > std::to_underlying(StsState::pending) ||
      (lost && head.mode != no_policy)) {
    return bad("value of a field");
  }

  RecordView view;
  view.has_policy = head.mode != no_policy;
  view.id = take_text(bytes, head.id_size);
  view.failed_id = take_text(bytes, head.failed_id_size);
  view.detail = take_text(bytes, head.detail_size);
  auto mx = MxListView::parse(take_text(bytes, head.mx_size));
  if (!is_id(view.id) || !is_id(view.failed_id)) return bad("character in an id");
  if (!mx) return bad("mx");  // so not even a forged entry puts an attribute into a reply
  std::string_view lines = take_text(bytes, head.lines_size);
  auto dane = StoredDane::parse(bytes);
  if (!dane) return bad("value in a DANE state");
  view.stored_dane = *dane;
  if (view.has_policy) view.policy = {static_cast<Mode>(head.mode), head.max_age, *mx, lines};
  view.fetched_at = to_time(head.fetched_at);
  view.refresh_at = to_time(head.refresh_at);
  view.state = state_from(head.state, view.has_policy);
  view.looked_up_at = to_time(head.looked_up_at);
  view.next_check = to_time(head.next_check);
  view.retry_fetch = to_time(head.retry_fetch);
  view.failures = head.failures;
  view.lost = lost;
  return view;
}

Record lost_record() {
  Record record;
  record.lost = true;
  return record;
}

bool settles_lost(const Record& found) noexcept {
  StsState state = found.last_lookup.state;
  return found.policy.has_value() || state == StsState::no_record || state == StsState::bad_record;
}

Record to_record(const RecordView& view) {
  Record record;
  if (view.has_policy) {
    record.policy =
        Policy{view.policy.mode, view.policy.max_age, MxList(view.policy.mx), unpacked_lines(view.policy)};
  }
  record.id = view.id;
  record.fetched_at = view.fetched_at;
  record.refresh_at = view.refresh_at;
  record.last_lookup = {.state = view.state,
                        .detail = std::string(view.detail),
                        .failed_id = std::string(view.failed_id),
                        .at = view.looked_up_at,
                        .next_check = view.next_check,
                        .retry_fetch = view.retry_fetch,
                        .failures = view.failures};
  for_each_dane(view, [&](const DaneView& state) { record.dane.push_back(to_state(state)); });
  record.lost = view.lost;
  return record;
}

RecordView view(const Record& record) noexcept {
  return {.has_policy = record.policy.has_value(),
          .policy = record.policy ? view(*record.policy) : PolicyView{},
          .id = record.id,
          .fetched_at = record.fetched_at,
          .refresh_at = record.refresh_at,
          .state = record.last_lookup.state,
          .detail = record.last_lookup.detail,
          .failed_id = record.last_lookup.failed_id,
          .looked_up_at = record.last_lookup.at,
          .next_check = record.last_lookup.next_check,
          .retry_fetch = record.last_lookup.retry_fetch,
          .failures = record.last_lookup.failures,
          .stored_dane = {},
          .dane_states = record.dane,
          .last_used = 0,
          .lost = record.lost && !record.policy};
}

bool policy_in_force(const RecordView& record, const Moment& moment) noexcept {
  return record.has_policy && holds(record.policy, record.fetched_at, moment);
}

std::optional<DaneView> find_dane(const RecordView& record, Route route) noexcept {
  for (const DaneState& state : record.dane_states)
    if (state.route == route) return view(state);
  for (const DaneView& state : record.stored_dane)
    if (state.route == route) return state;
  return std::nullopt;
}

void for_each_dane(const RecordView& record, const std::function<void(const DaneView&)>& f) {
  for (const DaneState& state : record.dane_states) f(view(state));
  for (const DaneView& state : record.stored_dane) f(state);
}

std::optional<DaneState> dane_state(const Record& record, Route route) {
  auto found = std::ranges::find(record.dane, route, &DaneState::route);
  return found == record.dane.end() ? std::nullopt : std::optional(*found);
}

}  // namespace mtasts
