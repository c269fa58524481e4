// Which demand is in force, and when it is answered: each demand alone and in pairs, with and without
// "TLS-Required: No", with lists that beat it and lists that yield, for what suffices, falls short and is
// unknown.
#include <algorithm>
#include <array>
#include <catch2/catch_test_macros.hpp>

#include "tests/unit/milter/session_world.hpp"

namespace mtasts {
namespace {

using test::SessionWorld;

enum class Stage { never, end, rcpt };  // ascending: of two demands the earlier one answers

struct Row {
  Demand demand;
  bool tls_required_no;
  bool lists_beat;
  Stage stage;
};

constexpr bool no = true, beat = true;  // for reading the table

constexpr std::array rows{
    Row{Demand::requiretls, !no, beat, Stage::rcpt},
    Row{Demand::requiretls, !no, !beat, Stage::rcpt},
    Row{Demand::requiretls, no, beat, Stage::rcpt},
    Row{Demand::requiretls, no, !beat, Stage::rcpt},
    Row{Demand::requiretls_header, !no, beat, Stage::end},
    Row{Demand::requiretls_header, !no, !beat, Stage::end},
    Row{Demand::requiretls_header, no, beat, Stage::end},
    Row{Demand::requiretls_header, no, !beat, Stage::end},
    Row{Demand::own_header, !no, beat, Stage::end},
    Row{Demand::own_header, !no, !beat, Stage::end},
    Row{Demand::own_header, no, beat, Stage::never},
    Row{Demand::own_header, no, !beat, Stage::never},
    Row{Demand::senders, !no, beat, Stage::rcpt},
    Row{Demand::senders, !no, !beat, Stage::end},
    Row{Demand::senders, no, beat, Stage::rcpt},
    Row{Demand::senders, no, !beat, Stage::never},
    Row{Demand::users, !no, beat, Stage::rcpt},
    Row{Demand::users, !no, !beat, Stage::end},
    Row{Demand::users, no, beat, Stage::rcpt},
    Row{Demand::users, no, !beat, Stage::never},
    Row{Demand::recipients, !no, beat, Stage::rcpt},
    Row{Demand::recipients, !no, !beat, Stage::end},
    Row{Demand::recipients, no, beat, Stage::rcpt},
    Row{Demand::recipients, no, !beat, Stage::never},
};

struct Seen {
  Stage stage = Stage::never;
  unsigned code = 0;
  std::string status, demand;
};

// Sends one message with these demands to one recipient.
Seen send(const std::vector<Demand>& demands, bool tls_required_no, bool lists_beat, std::string_view domain,
          OnUnknown on_unknown) {
  SessionWorld world;
  auto has = [&](Demand each) { return std::ranges::find(demands, each) != demands.end(); };
  auto all = std::vector{test::pattern(AddressPattern::Kind::every, {})};
  world.config.headers.push_back({"X-Secure", "always"});
  world.config.list_beats_tls_required = lists_beat;
  world.config.on_unknown = on_unknown;
  if (has(Demand::senders)) world.config.senders = all;
  if (has(Demand::recipients)) world.config.recipients = all;
  if (has(Demand::users)) world.config.users = {"alice"};
  std::vector<std::string_view> parameters{"SIZE=1000"};
  if (has(Demand::requiretls)) parameters.emplace_back("REQUIRETLS");
  world.mail("<alice@sender.example>", parameters, "alice");
  Seen seen;
  auto note = [&](Stage stage, const std::optional<Refusal>& refusal) {
    if (refusal) seen = {stage, refusal->code, refusal->status, {}};
  };
  note(Stage::rcpt, world.rcpt(domain));
  if (seen.stage == Stage::never) {
    if (tls_required_no) world.session->header("TLS-Required", "No");
    if (has(Demand::requiretls_header)) world.session->header("Require-TLS-ESMTP", "yes");
    if (has(Demand::own_header)) world.session->header("X-Secure", "always");
    note(Stage::end, world.end().refusal);
  }
  world.session->abort("");
  seen.demand = world.reports.at(0).demand;
  return seen;
}

void check(const std::vector<Demand>& demands, bool tls_required_no, bool lists_beat, Stage stage) {
  bool in_force = stage != Stage::never;
  CAPTURE(demands, tls_required_no, lists_beat, stage);

  auto good = send(demands, tls_required_no, lists_beat, "good.example", OnUnknown::tempfail);
  CHECK(good.stage == Stage::never);
  CHECK(good.demand.empty() == !in_force);

  auto bare = send(demands, tls_required_no, lists_beat, "bare.example", OnUnknown::tempfail);
  CHECK(bare.stage == stage);
  CHECK(bare.code == (in_force ? 550 : 0));
  CHECK(bare.status == (in_force ? "5.7.10" : ""));

  for (const char* domain : {"bogus.example", "silent.example"}) {
    auto waits = send(demands, tls_required_no, lists_beat, domain, OnUnknown::tempfail);
    CHECK(waits.stage == stage);
    CHECK(waits.code == (in_force ? 451 : 0));
    auto goes = send(demands, tls_required_no, lists_beat, domain, OnUnknown::accept);
    CHECK(goes.stage == Stage::never);
  }
}

}  // namespace

TEST_CASE("precedence of each demand alone", "[milter]") {
  for (const Row& row : rows) check({row.demand}, row.tls_required_no, row.lists_beat, row.stage);
}

TEST_CASE("precedence of each pair of demands: the one that is answered first counts", "[milter]") {
  for (const Row& one : rows) {
    for (const Row& other : rows) {
      if (one.tls_required_no != other.tls_required_no || one.lists_beat != other.lists_beat) continue;
      check({one.demand, other.demand}, one.tls_required_no, one.lists_beat,
            std::max(one.stage, other.stage));
    }
  }
}

TEST_CASE("no demand binds a message without a return path", "[milter]") {
  for (Demand demand : {Demand::requiretls, Demand::requiretls_header, Demand::own_header, Demand::senders,
                        Demand::users, Demand::recipients}) {
    MessageMarks marks{.empty_return_path = true,
                       .requiretls = true,
                       .requiretls_header = true,
                       .own_header = "X-Secure",
                       .listed_sender = true,
                       .listed_user = true,
                       .headers_seen = true};
    CAPTURE(demand);
    CHECK_FALSE(demand_in_force(marks, true, true));
  }
}

TEST_CASE("without a demand nothing is refused, and nothing is waited for", "[milter]") {
  for (const char* domain : {"good.example", "bare.example", "bogus.example", "silent.example"}) {
    SessionWorld world;
    world.mail("<a@sender.example>");
    CHECK_FALSE(world.rcpt(domain));
    CHECK_FALSE(world.end().refusal);
    CHECK(world.asker.asked.empty());
    CHECK(world.asker.prefetched == std::vector<std::string>{domain});
  }
}

}  // namespace mtasts
