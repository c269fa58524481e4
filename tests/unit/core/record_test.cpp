#include "core/record.hpp"
#include "tests/unit/lists.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <functional>
#include <string>

using namespace mtasts;
using namespace std::chrono_literals;

namespace {

const Time now = Time(1'700'000'000s);

Record full() {
  Record record;
  record.policy =
      Policy{Mode::enforce, 604800, test::mx_list("mx1.example.com\n*.example.net"),
             "version: STSv1\nmode: enforce\nmx: mx1.example.com\nmx: *.example.net\nmax_age: 604800\n"
             "note: hello\nother: world"};
  record.id = "20160831085700Z";
  record.fetched_at = now - 100s;
  record.refresh_at = now + 86400s;
  record.last_lookup = {.state = StsState::fetch_failed,
                        .detail = "connect: 192.0.2.1: refused",
                        .failed_id = "20170101T",
                        .at = now,
                        .next_check = now + 3600s,
                        .retry_fetch = now + 300s,
                        .failures = 513};
  DaneState& dane = record.dane.emplace_back();
  dane.route = {true, 587};
  dane.mx = MxState::secure;
  dane.trouble = MxTrouble::failed;
  dane.off_policy = true;
  dane.hosts = test::host_list("u+mx1.example.com\n0=a");
  dane.detail = "MX example.com: SERVFAIL.";
  dane.looked_up_at = now;
  dane.valid_until = now + 299s;
  dane.next_try = now + 30s;
  dane.failures = 258;
  return record;
}

Record negative() {
  Record record;
  record.refresh_at = now + 60s;
  record.last_lookup = {
      .state = StsState::no_record, .detail = "", .failed_id = "", .at = now, .next_check = now + 60s};
  return record;
}

void check_same(const Record& a, const Record& b) {
  REQUIRE(a.policy.has_value() == b.policy.has_value());
  if (a.policy) {
    CHECK(a.policy->mode == b.policy->mode);
    CHECK(a.policy->max_age == b.policy->max_age);
    CHECK(a.policy->mx == b.policy->mx);
    CHECK(a.policy->lines == b.policy->lines);
  }
  CHECK(a.id == b.id);
  CHECK(a.fetched_at == b.fetched_at);
  CHECK(a.refresh_at == b.refresh_at);
  CHECK(a.last_lookup.state == b.last_lookup.state);
  CHECK(a.last_lookup.detail == b.last_lookup.detail);
  CHECK(a.last_lookup.failed_id == b.last_lookup.failed_id);
  CHECK(a.last_lookup.at == b.last_lookup.at);
  CHECK(a.last_lookup.next_check == b.last_lookup.next_check);
  CHECK(a.last_lookup.retry_fetch == b.last_lookup.retry_fetch);
  CHECK(a.last_lookup.failures == b.last_lookup.failures);
  REQUIRE(a.dane.size() == b.dane.size());
  for (std::size_t i = 0; i < a.dane.size(); ++i) {
    CHECK(a.dane[i].route == b.dane[i].route);
    CHECK(a.dane[i].mx == b.dane[i].mx);
    CHECK(a.dane[i].trouble == b.dane[i].trouble);
    CHECK(a.dane[i].off_policy == b.dane[i].off_policy);
    CHECK(a.dane[i].hosts == b.dane[i].hosts);
    CHECK(a.dane[i].detail == b.dane[i].detail);
    CHECK(a.dane[i].looked_up_at == b.dane[i].looked_up_at);
    CHECK(a.dane[i].valid_until == b.dane[i].valid_until);
    CHECK(a.dane[i].next_try == b.dane[i].next_try);
    CHECK(a.dane[i].failures == b.dane[i].failures);
  }
}

// bytes with a correct checksum at the end, so that the checks after it are reached.
std::string sealed(std::string bytes) {
  bytes.resize(bytes.size() - 4);
  std::uint32_t crc = crc32c(bytes);
  for (int shift = 0; shift < 32; shift += 8) bytes += static_cast<char>(crc >> shift & 0xFF);
  return bytes;
}

}  // namespace

TEST_CASE("records come back as they were stored", "[core]") {
  check_same(to_record(decode(encode(full())).value()), full());
  check_same(to_record(decode(encode(negative())).value()), negative());
  check_same(to_record(decode(encode(Record{})).value()), Record{});
  check_same(to_record(view(full())), full());
  check_same(to_record(view(negative())), negative());
  Record none = full();
  none.policy = Policy{Mode::none, 0, {}, "version: STSv1\nmode: none\nmax_age: 0"};
  check_same(to_record(decode(encode(none)).value()), none);
}

TEST_CASE("the layout of docs/CACHE_FORMAT.md", "[core]") {
  std::string bytes = encode(full());
  auto number = [&](std::size_t at, std::size_t size) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < size; ++i)
      value |= std::uint64_t{static_cast<unsigned char>(bytes[at + i])} << (8 * i);
    return value;
  };
  CHECK(number(0, 1) == 3);
  CHECK(number(1, 1) == 2);
  CHECK(number(2, 1) == 4);
  CHECK(number(3, 1) == 15);
  CHECK(number(4, 1) == 9);
  CHECK(number(5, 2) == 513);
  CHECK(number(7, 2) == 27);
  CHECK(number(9, 4) == 604800);
  CHECK(number(13, 4) == 29);
  CHECK(number(17, 4) == 71);
  CHECK(
      bytes.contains("20160831085700Z20170101Tconnect: 192.0.2.1: refusedmx1.example.com\n*.example.net"
                     "version: STSv1\nmode: enforce\n\n\nmax_age: 604800\nnote: hello\nother: world"));
  CHECK(number(21, 8) == 1'699'999'900);
  CHECK(number(29, 8) == 1'700'086'400);
  CHECK(number(37, 8) == 1'700'000'000);
  CHECK(number(45, 8) == 1'700'003'600);
  CHECK(number(53, 8) == 1'700'000'300);
  CHECK(number(61, 4) == 35 + 25 + 21);  // one DANE state
  CHECK(bytes.substr(65, 15) == "20160831085700Z");
  CHECK(bytes.substr(bytes.size() - 4 - 21, 21) == "u+mx1.example.com\n0=a");
  CHECK(number(bytes.size() - 4, 4) == crc32c_by_table(bytes.substr(0, bytes.size() - 4)));
  CHECK(bytes.size() < 600);
  CHECK(static_cast<unsigned char>(encode(negative())[1]) == 255);
  CHECK(stored_version(bytes) == record_version);
  CHECK(stored_version("\x07rest") == 7);
  CHECK_FALSE(stored_version(""));
}

TEST_CASE("a record that was cut or extended is bad", "[core]") {
  std::string bytes = encode(full());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    Result<RecordView> result = decode(std::string_view(bytes).substr(0, size));
    REQUIRE_FALSE(result);
    REQUIRE(result.error().fault == Fault::storage);
  }
  CHECK_FALSE(decode(bytes + '\0'));
  CHECK_FALSE(decode(bytes + bytes));
}

TEST_CASE("a record with any bit flipped is bad", "[core]") {
  const std::string bytes = encode(full());
  for (std::size_t i = 0; i < bytes.size() * 8; ++i) {
    std::string flipped = bytes;
    flipped[i / 8] = static_cast<char>(flipped[i / 8] ^ (1 << (i % 8)));
    REQUIRE_FALSE(decode(flipped));
    REQUIRE_FALSE(is_of_later_version(flipped));
  }
}

TEST_CASE("a later version is one whose checksum holds", "[core]") {
  std::string bytes = encode(full());
  CHECK_FALSE(is_of_later_version(bytes));
  bytes.resize(bytes.size() - 4);
  bytes[0] = record_version + 1;
  CHECK_FALSE(is_of_later_version(bytes + "abcd"));
  std::uint32_t checksum = crc32c_by_table(bytes);
  for (int i = 0; i < 4; ++i) bytes += static_cast<char>(checksum >> 8 * i);
  CHECK(is_of_later_version(bytes));
  for (const char* each : {"", "\x07", "\x07rest"}) CHECK_FALSE(is_of_later_version(each));
}

TEST_CASE("a record is bad where a field is, whatever its checksum says", "[core]") {
  struct Row {
    const char* why;
    std::function<void(std::string&)> spoil;
  };
  const std::string bytes = encode(full());
  const std::size_t mx = bytes.find("mx1.example.com\n*");
  const std::size_t hosts = bytes.find("u+mx1.example.com");
  const std::size_t state = hosts - 25 - 35;  // of DANE
  auto set = [](std::size_t at, char c) { return [=](std::string& b) { b[at] = c; }; };
  auto row = GENERATE_COPY(values<Row>({
      {"older version", set(0, 0)},
      {"newer version", set(0, 4)},
      {"version 0", set(0, 0)},
      {"mode", set(1, 3)},
      {"no policy but its fields", set(1, '\xFF')},
      {"state", set(2, 6)},
      {"size of the id", set(3, 16)},
      {"size of the id 0",
       [](std::string& b) {
         b[3] = 0;
         b.erase(65, 15);
       }},
      {"size of the failed id", set(4, 10)},
      {"size of the detail", set(7, 28)},
      {"huge size", set(16, '\xFF')},
      {"sizes that only fit when wrapped", [](std::string& b) { b[16] = b[20] = '\xFF'; }},
      {"max_age above a year", set(12, 0x7F)},
      {"time before 1970", set(28, '\xFF')},
      {"time after 9999", set(35, 1)},
      {"id with a hyphen", set(65, '-')},
      {"failed id with a blank", set(65 + 15, ' ')},
      {"mx with a blank", set(mx + 3, ' ')},
      {"mx with an equals sign", set(mx + 3, '=')},
      {"mx with a comma", set(mx + 3, ',')},
      {"mx with a colon", set(mx + 3, ':')},
      {"mx with a brace", set(mx + 3, '{')},
      {"mx in upper case", set(mx + 3, 'A')},
      {"mx with a high octet", set(mx + 3, '\xC3')},
      {"mx with NUL", set(mx + 3, 0)},
      {"mx that begins with a dot", set(mx, '.')},
      {"mx with an empty label", set(mx + 4, '.')},
      {"mx with an empty pattern", set(mx, '\n')},
      {"mx with a star within", set(mx + 15, 'x')},
      {"mx that is an address", [mx](std::string& b) { b.replace(mx, 15, "203.000.113.025"); }},
      {"DANE: a flag that is none", set(state, 4)},
      {"DANE: MX state", set(state + 3, 4)},
      {"DANE: trouble", set(state + 4, 3)},
      {"DANE: a time before 1970", set(state + 14, '\xFF')},
      {"DANE: size of the detail", set(state + 31, 26)},
      {"DANE: size of the hosts", set(state + 33, 20)},
      {"DANE: a host state that is none", set(hosts, 'q')},
      {"DANE: a group that is none", set(hosts + 1, ' ')},
      {"DANE: a host in upper case", set(hosts + 2, 'M')},
      {"DANE: a host with a blank", set(hosts + 2, ' ')},
      {"DANE: a line end behind the last host", set(hosts + 19, '\n')},
  }));
  INFO(row.why);
  std::string spoilt = bytes;
  row.spoil(spoilt);
  CHECK_FALSE(decode(sealed(spoilt)));
  CHECK(decode(sealed(bytes)));
}

TEST_CASE("a policy may list no host name", "[core]") {
  Record record = full();
  record.policy->mx = {};
  auto mode = GENERATE(Mode::enforce, Mode::none);
  record.policy->mode = mode;
  std::string bytes = encode(record);
  auto stored = decode(bytes);
  REQUIRE(stored);
  CHECK(stored->policy.mode == mode);
  CHECK(stored->policy.mx.empty());
}

TEST_CASE("lengths and times are cut to what may be stored", "[core]") {
  Record record = full();
  record.last_lookup.detail = std::string(1000, 'd');
  record.last_lookup.failed_id = std::string(40, 'f');
  record.last_lookup.at = Time::max();
  record.last_lookup.next_check = Time::min();
  Result<RecordView> stored = decode(encode(record));
  REQUIRE(stored);
  CHECK(stored->detail.size() == 500);
  CHECK(stored->failed_id.size() == 32);
  CHECK(stored->looked_up_at == Time(253'402'300'799s));
  CHECK(stored->next_check == Time{});
}

TEST_CASE("records are read at any alignment", "[core]") {
  std::string bytes = encode(full());
  for (std::size_t shift = 0; shift < 9; ++shift) {
    std::string moved = std::string(shift, 'x') + bytes;
    CHECK(decode(std::string_view(moved).substr(shift))->id == "20160831085700Z");
  }
}

TEST_CASE("records of version 1 are read: they have no DANE states", "[core]") {
  Record record = full();
  record.dane.clear();
  std::string bytes = encode(record);
  REQUIRE(bytes.substr(61, 4) == std::string(4, '\0'));
  bytes.erase(61, 4);
  bytes[0] = 1;
  check_same(to_record(decode(sealed(bytes)).value()), record);
}

TEST_CASE("records of version 2 are read: their policies have all their text", "[core]") {
  std::string bytes = encode(full());
  bytes[0] = 2;
  check_same(to_record(decode(sealed(bytes)).value()), full());
}

TEST_CASE("the text of a plain policy is left out, and is the same when it is read", "[core]") {
  struct Row {
    const char* why;
    const char* lines;
    bool left_out;
  };
  auto row = GENERATE(Catch::Generators::values<Row>({
      {"plain", "version: STSv1\nmode: enforce\nmx: mx1.example.com\nmx: *.example.net\nmax_age: 604800",
       true},
      {"another order",
       "version: STSv1\nmode: enforce\nmax_age: 604800\nmx: mx1.example.com\nmx: *.example.net", false},
      {"a zero before a number",
       "version: STSv1\nmode: enforce\nmx: mx1.example.com\nmx: *.example.net\nmax_age: 0604800", false},
      {"upper case", "version: STSv1\nmode: enforce\nmx: MX1.example.com\nmx: *.example.net\nmax_age: 604800",
       false},
      {"no blank", "version:STSv1\nmode: enforce\nmx: mx1.example.com\nmx: *.example.net\nmax_age: 604800",
       false},
  }));
  INFO(row.why);
  Record record = full();
  record.policy->lines = row.lines;
  std::string bytes = encode(record);
  CHECK(decode(bytes)->policy.lines.empty() == row.left_out);
  CHECK(bytes.contains("STSv1") != row.left_out);
  check_same(to_record(decode(bytes).value()), record);
}

TEST_CASE("DANE states are found by their next hop, and kept to eight", "[core]") {
  Record record = negative();
  for (std::uint16_t port = 1; port <= 9; ++port)
    record.dane.push_back({.route = {false, port},
                           .mx = {},
                           .trouble = {},
                           .off_policy = false,
                           .hosts = {},
                           .detail = std::to_string(port)});
  const std::string bytes = encode(record);
  RecordView stored = decode(bytes).value();
  CHECK(find_dane(stored, {false, 8})->detail == "8");
  CHECK_FALSE(find_dane(stored, {false, 9}));
  CHECK_FALSE(find_dane(stored, {true, 8}));
  CHECK_FALSE(find_dane(stored, {}));
  CHECK(find_dane(view(record), {false, 9})->detail == "9");
  CHECK(dane_state(record, {false, 9})->detail == "9");
  CHECK_FALSE(dane_state(record, {true, 9}));
  record.dane.resize(2);
  record.dane[1].route = record.dane[0].route;
  CHECK_FALSE(decode(encode(record)));  // twice the same next hop
}

TEST_CASE("of more than eight DANE states those worth least are dropped", "[core]") {
  struct Row {
    const char* why;
    Route route;
    bool known, in_force;
    std::uint16_t failures;
    std::chrono::seconds age;  // of the lookup
    bool stays;                // with eight states of other ports, in force and 1 to 8 minutes old
  };
  auto row = GENERATE(Catch::Generators::values<Row>({
      {"port 25, in force", {false, 25}, true, true, 0, 1h, true},
      {"port 25, its TTL is over", {false, 25}, true, false, 0, 24h, true},
      {"port 25, last proved long ago", {false, 25}, true, false, 7, 24h * 60, true},
      {"port 25, in force, and its last lookup failed", {false, 25}, true, true, 1, 1h, true},
      {"port 25, never decided", {false, 25}, false, false, 1, 0s, true},
      {"[host] at port 25, its TTL is over", {true, 25}, true, false, 0, 24h, true},
      {"[host] at port 25, never decided", {true, 25}, false, false, 1, 0s, true},
      {"another port, looked up last", {false, 587}, true, true, 0, 1s, true},
      {"[host] at another port, looked up last", {true, 587}, true, true, 0, 1s, true},
      {"another port, the oldest lookup", {false, 587}, true, true, 0, 9min, false},
      {"another port, looked up last, its TTL is over", {false, 587}, true, false, 0, 1s, false},
      {"another port, looked up last, and a host failed", {false, 587}, true, true, 1, 1s, false},
      {"another port, looked up last, never decided", {false, 587}, false, false, 1, 0s, false},
      {"a service name that is not known", {false, 0}, false, false, 1, 0s, false},
      {"looked up when the clock ran ahead", {false, 587}, true, false, 0, -1h, false},
  }));
  INFO(row.why);
  DaneState state;
  state.route = row.route;
  state.mx = row.known ? MxState::secure : MxState::unknown;
  state.trouble = row.known ? MxTrouble::none : MxTrouble::failed;
  if (row.known) state.looked_up_at = now - row.age;
  if (row.known) state.valid_until = row.in_force || row.age < 0s ? now + 2h : now;
  state.failures = row.failures;
  bool first = GENERATE(true, false);  // the order does not count
  Record record;
  if (first) record.dane.push_back(state);
  for (std::uint16_t n = 1; n <= 8; ++n) {
    DaneState other;
    other.route.port = static_cast<std::uint16_t>(8000 + n);
    other.mx = MxState::secure;
    other.looked_up_at = now - n * 1min;
    other.valid_until = now + 1h;
    record.dane.push_back(other);
  }
  if (!first) record.dane.push_back(state);
  bound_dane_states(record, now);
  CHECK(record.dane.size() == 8);
  CHECK(find_dane(view(record), row.route).has_value() == row.stays);
  CHECK(find_dane(view(record), {false, 8008}).has_value() != row.stays);
  for (std::uint16_t port = 8001; port <= 8007; ++port) CHECK(find_dane(view(record), {false, port}));
}

TEST_CASE("up to eight DANE states stay as they are; a proof is kept before states without one", "[core]") {
  Record record;
  for (std::uint16_t port = 8001; port <= 8008; ++port) record.dane.emplace_back().route.port = port;
  bound_dane_states(record, now);
  REQUIRE(record.dane.size() == 8);
  CHECK(record.dane.front().route.port == 8001);
  record.dane.emplace_back().route.port = 8009;
  record.dane.back().mx = MxState::secure;
  record.dane.back().looked_up_at = now - 24h;
  record.dane.back().valid_until = now - 23h;
  bound_dane_states(record, now);
  CHECK(record.dane.size() == 8);
  CHECK(find_dane(view(record), {false, 8009}));
}

TEST_CASE("a lost entry is stored as such, and never beside a policy", "[core]") {
  Record record = lost_record();
  record.last_lookup.state = StsState::dns_failed;
  auto read = decode(encode(record));
  REQUIRE(read);
  CHECK(read->lost);
  CHECK(read->state == StsState::dns_failed);
  CHECK(to_record(*read).lost);
  record.lost = false;
  auto bytes = encode(record);
  CHECK_FALSE(decode(bytes)->lost);
  record.lost = true;
  record.policy = Policy{Mode::enforce, 86400, test::mx_list("mx.example"), ""};
  record.id = "1";
  bytes = encode(record);
  read = decode(bytes);
  REQUIRE(read);
  CHECK_FALSE(read->lost);
}
