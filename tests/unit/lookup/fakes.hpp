// fakes - the ports as data: what DNS and HTTPS will say, a store in memory, a clock turned by hand.
#pragma once

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <map>
#include <string>
#include <vector>

#include "lookup/flights.hpp"

namespace mtasts::fake {

inline DomainName name(std::string_view text) { return DomainName::parse(text).value(); }

inline std::string txt_rdata(const std::string& text) { return static_cast<char>(text.size()) + text; }

inline DnsAnswer txt(const std::vector<std::string>& records, std::uint32_t ttl = 300) {
  DnsAnswer answer;
  answer.kind = records.empty() ? DnsAnswer::Kind::no_data : DnsAnswer::Kind::data;
  answer.ttl = ttl;
  for (const auto& record : records) answer.rdata.push_back(txt_rdata(record));
  return answer;
}

inline DnsAnswer no_data(DnsAnswer::Security security = DnsAnswer::Security::insecure,
                         std::uint32_t ttl = 300) {
  DnsAnswer answer;
  answer.kind = DnsAnswer::Kind::no_data;
  answer.security = security;
  answer.ttl = ttl;
  return answer;
}

inline DnsAnswer dns_failure(std::string reason,
                             DnsAnswer::Security security = DnsAnswer::Security::insecure) {
  DnsAnswer answer;
  answer.kind = DnsAnswer::Kind::failed;
  answer.security = security;
  answer.reason = std::move(reason);
  return answer;
}

inline std::string body(std::string_view mode, std::uint32_t max_age,
                        std::string_view mx = "mx.example.com") {
  return "version: STSv1\nmode: " + std::string(mode) + "\nmx: " + std::string(mx) +
         "\nmax_age: " + std::to_string(max_age) + "\n";
}

using HttpResult = std::expected<HttpAnswer, FetchError>;

inline HttpResult ok(std::string body_text) { return HttpAnswer{200, "text/plain", std::move(body_text)}; }
inline HttpResult put_off() { return std::unexpected(FetchError{FetchStep::connect, "put off", true}); }
inline HttpResult http_failure(FetchStep step, std::string detail) {
  return std::unexpected(FetchError{step, std::move(detail)});
}

class FakeClock : public Clock {
 public:
  Moment moment() const noexcept override { return {time, state}; }
  ClockState state;
  Time time{std::chrono::seconds(1'800'000'000)};
};

// Answers after a turn of the loop; `delay` makes it slow. A real one can also answer at once (at_once).
inline boost::asio::awaitable<void> a_while(std::chrono::milliseconds delay) {
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, delay);
  co_await timer.async_wait(boost::asio::use_awaitable);
}

class FakeDns : public Dns {
 public:
  boost::asio::awaitable<DnsAnswer> ask(std::string asked, RrType type) override {
    asked_names.push_back(asked + "/" + std::string(words(type)));
    most_at_once = std::max(most_at_once, ++at_once_now);
    if (!at_once) co_await a_while(delay);
    --at_once_now;
    if (throws) throw std::runtime_error("no memory");
    auto found = answers.find(asked + "/" + std::string(words(type)));
    if (found != answers.end()) co_return found->second;
    bool about_mail = type == RrType::a || type == RrType::aaaa || type == RrType::cname ||
                      type == RrType::mx || type == RrType::tlsa;
    // A signed zone without delegations, unless `answers` says otherwise.
    if (type == RrType::ds) co_return ds;
    co_return about_mail ? no_data() : answer;
  }
  DnsAnswer answer;  // to every question that is not in `answers`; about MX hosts there is no data then
  std::map<std::string, DnsAnswer> answers;             // by "name/TYPE"
  DnsAnswer ds = no_data(DnsAnswer::Security::secure);  // to every DS question not in `answers`
  std::chrono::milliseconds delay{0};
  bool throws = false;
  bool at_once = false;
  std::vector<std::string> asked_names;
  int most_at_once = 0, at_once_now = 0;
};

class FakeFetch : public Fetch {
 public:
  StartPtr start(const DomainName&, Dns&) override {
    ++started;
    return std::make_unique<Start>();
  }
  boost::asio::awaitable<HttpResult> get_policy(PolicyRequest request) override {
    hurry = request.hurry;
    auto at = addresses.find(std::string(request.domain.str()));
    std::optional<Address> first;
    if (at != addresses.end()) first = at->second;
    if (request.gate && !co_await request.gate->pass(first)) co_return put_off();
    ++asked;
    if (request.started) ++asked_with_start;
    co_await a_while(delay);
    co_return answer;
  }
  HttpResult answer = http_failure(FetchStep::connect, "nothing set");
  std::chrono::milliseconds delay{0};
  int asked = 0, started = 0, asked_with_start = 0;
  std::optional<Hurry> hurry{};              // of the last one
  std::map<std::string, Address> addresses;  // of the policy hosts, by domain; of the others: not known here
};

class FakeStore : public Store {
 public:
  boost::asio::awaitable<Result<void>> put(DomainName domain, Record record) override {
    ++puts;
    co_await a_while(commit_time);
    if (fail_puts > 0) {
      --fail_puts;
      co_return fail(Fault::storage, "disk full");
    }
    records.insert_or_assign(domain, std::move(record));
    co_return Result<void>{};
  }
  Result<std::optional<Record>> get(const DomainName& domain) override {
    if (unreadable) return fail(Fault::storage, "input/output error");
    auto found = records.find(domain);
    return found == records.end() ? std::optional<Record>() : std::optional<Record>(found->second);
  }
  std::vector<DomainName> due(Time now, std::size_t limit, std::uint32_t) override {
    std::vector<DomainName> names;
    for (const auto& [domain, record] : records) {
      if (record.policy && record.refresh_at <= now && names.size() < limit) names.push_back(domain);
    }
    return names;
  }
  std::map<DomainName, Record> records;
  std::chrono::milliseconds commit_time{0};
  int fail_puts = 0, puts = 0;
  bool unreadable = false;
};

inline Record stored_policy(Time fetched_at, std::string_view mode, std::uint32_t max_age,
                            std::string id = "1") {
  Record record;
  record.policy = lint_policy(body(mode, max_age)).policy.value();
  record.id = std::move(id);
  record.fetched_at = fetched_at;
  record.refresh_at = fetched_at + std::chrono::hours(24);
  record.last_lookup.state = StsState::current;
  record.last_lookup.at = fetched_at;
  record.last_lookup.next_check = fetched_at + std::chrono::seconds(300);
  return record;
}

}  // namespace mtasts::fake
