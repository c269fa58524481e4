// bench_micro - measures each step of one answer alone (Google Benchmark). The inputs are realistic, and each
// result is checked once before it is timed.
#include <benchmark/benchmark.h>

#include <cstdlib>

#include "core/decide.hpp"
#include "core/map_name.hpp"
#include "core/mx_pattern.hpp"
#include "core/netstring.hpp"
#include "core/next_hop.hpp"
#include "core/reply.hpp"
#include "core/sts_policy.hpp"
#include "core/sts_record.hpp"
#include "lookup/freshness.hpp"
#include "tests/bench/synthetic.hpp"

namespace {

using namespace mtasts;
using namespace mtasts::bench;
using benchmark::DoNotOptimize;
using benchmark::State;

const Time now{std::chrono::seconds(1769860800)};  // 2026-01-31 12:00:00 UTC
const DomainName domain = *DomainName::parse("d1234567.example");

// A benchmark of code that does not work would be worthless.
void require(bool holds) {
  if (!holds) std::abort();
}

// What the answer path has once it has found an entry.
struct Found {
  std::string bytes = encode(synthetic_record({}, 1234567, domain, now));
  RecordView record = *decode(bytes);
  DaneView dane = *find_dane(record, Route{});
  Decision decision = decide(certain(now), &record, std::nullopt, {}, {});
};

void parse_policy(State& state) {
  std::string body = synthetic_policy({}, 1234567, domain);
  require(lint_policy(body).policy.has_value());
  for (auto _ : state) DoNotOptimize(lint_policy(body));
}

void parse_policy_with_20_mx(State& state) {
  std::string body = "version: STSv1\r\nmode: enforce\r\nmax_age: 604800\r\n";
  for (int i = 0; i < 20; ++i) body += "mx: mx" + std::to_string(i) + ".mail.example.com\r\n";
  require(lint_policy(body).policy.has_value());
  for (auto _ : state) DoNotOptimize(lint_policy(body));
}

void parse_txt(State& state) {
  std::vector<std::string> records{"v=STSv1; id=20260131120000Z;"};
  require(lint_records(records).verdict == TxtVerdict::valid);
  for (auto _ : state) DoNotOptimize(lint_records(records));
}

void match_mx(State& state, const char* pattern_text) {
  auto pattern = *MxPattern::parse(pattern_text);
  auto host = *DomainName::parse("mx1.mail.example.com");
  require(pattern.matches(host));
  for (auto _ : state) {
    DoNotOptimize(host);
    DoNotOptimize(pattern.matches(host));
  }
}

void read_key(State& state, std::string key) {
  require(std::holds_alternative<NextHop>(parse_next_hop(key)));
  for (auto _ : state) DoNotOptimize(parse_next_hop(key));
}

void read_request(State& state) {
  std::string payload = "postfix310 d1234567.example";
  require(parse_map_name(parse_request(payload)->map).has_value());
  for (auto _ : state) {
    auto request = parse_request(payload);
    DoNotOptimize(parse_map_name(request->map));
    DoNotOptimize(request);
  }
}

void cut_frame(State& state) {
  std::string input = "27:postfix310 d1234567.example,";
  require(next_frame(input, 1000).state == Frame::State::whole);
  for (auto _ : state) {
    DoNotOptimize(input);
    DoNotOptimize(next_frame(input, 1000));
  }
}

void decode_record(State& state) {
  Found found;
  for (auto _ : state) DoNotOptimize(decode(found.bytes));
}

void encode_record(State& state) {
  Record record = synthetic_record({}, 1234567, domain, now);
  for (auto _ : state) DoNotOptimize(encode(record));
}

void find_dane_state(State& state) {
  Found found;
  for (auto _ : state) DoNotOptimize(find_dane(found.record, Route{}));
}

void judge_freshness(State& state) {
  Found found;
  require(freshness_with(found.record, certain(now), found.dane) == Freshness::answer);
  for (auto _ : state) {
    DoNotOptimize(found.record);
    DoNotOptimize(freshness_with(found.record, certain(now), found.dane));
  }
}

void decide_secure(State& state) {
  Found found;
  require(found.decision.verdict == Verdict::secure);
  for (auto _ : state) {
    DoNotOptimize(found.record);
    DoNotOptimize(decide(certain(now), &found.record, std::nullopt, {}, {}));
  }
}

void render(State& state, Dialect dialect) {
  Found found;
  std::string out;
  append_reply(out, dialect, domain, found.decision);
  require(out.starts_with("OK secure "));
  for (auto _ : state) {
    out.clear();
    append_reply(out, dialect, domain, found.decision);
    DoNotOptimize(out.data());
    benchmark::ClobberMemory();
  }
  state.counters["bytes"] = static_cast<double>(out.size());
}

void add_all() {
  auto add = [](const char* name, auto&& function, auto... arguments) {
    benchmark::RegisterBenchmark(name, function, arguments...);
  };
  add("policy parse, 2 mx", parse_policy);
  add("policy parse, 20 mx", parse_policy_with_20_mx);
  add("TXT record parse", parse_txt);
  add("MX match, exact", match_mx, "mx1.mail.example.com");
  add("MX match, wildcard", match_mx, "*.mail.example.com");
  add("netstring decode", cut_frame);
  add("request split, map name", read_request);
  add("next hop parse", read_key, std::string("d1234567.example"));
  add("next hop parse, bracketed with port", read_key, std::string("[mx1.mail.example.com]:587"));
  add("stored form decode", decode_record);
  add("stored form encode", encode_record);
  add("DANE state of a record", find_dane_state);
  add("freshness", judge_freshness);
  add("decide", decide_secure);
  add("reply, postfix", render, Dialect::postfix);
  add("reply, postfix310", render, Dialect::postfix310);
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  add_all();
  benchmark::RunSpecifiedBenchmarks();
}
