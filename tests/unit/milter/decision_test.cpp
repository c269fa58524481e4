// Replies of the json map, as mtastsd writes them and as nobody should, and what suffices.
#include <catch2/catch_test_macros.hpp>
#include <string>

#include "milter/decision.hpp"

namespace mtasts {
namespace {

std::string reply(std::string_view decision, std::string_view postfix = "NOTFOUND ",
                  std::string_view detail = "") {
  return std::string(R"(OK {"domain":"a.example","decision":")") + std::string(decision) +
         R"(","rule":"7","reason":"why","detail":")" + std::string(detail) +
         R"(","source":"cache","policy":null,"replies":{"postfix":")" + std::string(postfix) + R"("}})";
}

}  // namespace

TEST_CASE("what suffices for mail that requires verified TLS", "[milter]") {
  struct Row {
    std::string_view decision, postfix;
    Sufficiency expected;
  };
  for (const Row& row : {
           Row{"secure", "OK secure match=mx.a.example servername=hostname", Sufficiency::suffices},
           Row{"dane-only", "OK dane-only", Sufficiency::suffices},
           Row{"dane", "OK dane", Sufficiency::falls_short},
           Row{"none", "NOTFOUND ", Sufficiency::falls_short},
           Row{"temp", "TEMP why", Sufficiency::unknown},
           Row{"answer", "OK secure match=mx.a.example", Sufficiency::suffices},
           Row{"answer", "OK SECURE match=mx.a.example", Sufficiency::suffices},
           Row{"answer", "OK verify", Sufficiency::suffices},
           Row{"answer", "OK fingerprint", Sufficiency::suffices},
           Row{"answer", "OK dane-only", Sufficiency::suffices},
           Row{"answer", "OK dane", Sufficiency::falls_short},
           Row{"answer", "OK encrypt", Sufficiency::falls_short},
           Row{"answer", "OK may", Sufficiency::falls_short},
           Row{"answer", "OK none", Sufficiency::falls_short},
           Row{"answer", "OK secure wrong", Sufficiency::falls_short},
           Row{"answer", "NOTFOUND ", Sufficiency::falls_short},
       }) {
    auto decision = read_json_reply(reply(row.decision, row.postfix));
    REQUIRE(decision);
    CAPTURE(row.decision, row.postfix);
    CHECK(sufficiency(*decision) == row.expected);
  }
}

TEST_CASE("none says nothing while the domain was not looked up to the end", "[milter]") {
  struct Row {
    StsState state;
    Sufficiency expected;
  };
  for (auto [state, expected] :
       {Row{StsState::not_asked, Sufficiency::unknown}, Row{StsState::pending, Sufficiency::unknown},
        Row{StsState::dns_failed, Sufficiency::unknown}, Row{StsState::no_record, Sufficiency::falls_short},
        Row{StsState::bad_record, Sufficiency::falls_short},
        Row{StsState::fetch_failed, Sufficiency::falls_short},
        Row{StsState::current, Sufficiency::falls_short}}) {
    std::string text = reply("none");
    text.replace(text.find("why"), 3, reason_without_policy(state));
    CAPTURE(text);
    CHECK(sufficiency(read_json_reply(text).value()) == expected);
  }
}

TEST_CASE("a json reply is read", "[milter]") {
  auto decision = read_json_reply(reply("none", "NOTFOUND ", "NXDOMAIN"));
  REQUIRE(decision);
  CHECK(*decision == NextHopDecision{Verdict::not_found, "a.example", "why", "NXDOMAIN"});
  CHECK(why(*decision) == "why (NXDOMAIN)");
  auto bare = read_json_reply(reply("none"));
  REQUIRE(bare);
  CHECK(why(*bare) == "why");
}

TEST_CASE("a policy that lists none of the MX hosts is told from others", "[milter]") {
  CHECK(read_json_reply(reply("secure", "OK secure", no_host_fits)).value().no_host_fits);
  CHECK_FALSE(read_json_reply(reply("secure", "OK secure", "something else")).value().no_host_fits);
  CHECK_FALSE(read_json_reply(reply("dane", "OK dane", no_host_fits)).value().no_host_fits);
}

TEST_CASE("replies that decide nothing", "[milter]") {
  struct Row {
    std::string_view reply;
    Fault fault;
    std::string_view detail;
  };
  constexpr std::string_view nonsense = "its answer is not one of mtastsd's json map";
  for (const Row& row : {
           Row{"TEMP DNS is down", Fault::timeout, "DNS is down"},
           Row{"PERM unknown map name 'json/x'", Fault::config, "unknown map name 'json/x'"},
           Row{"TEMP a\nb", Fault::timeout, "a\\x0ab"},
           Row{"", Fault::protocol, nonsense},
           Row{"NOTFOUND ", Fault::protocol, nonsense},
           Row{"OK secure match=x", Fault::protocol, nonsense},
           Row{"OK []", Fault::protocol, nonsense},
           Row{"OK {}", Fault::protocol, nonsense},
           Row{"OK {\"decision\":\"secure\"}", Fault::protocol, nonsense},
           Row{"OK {\"decision\":1,\"domain\":\"a\",\"reason\":\"\",\"detail\":\"\"}", Fault::protocol,
               nonsense},
           Row{"OK {\"decision\":\"safe\",\"domain\":\"a\",\"reason\":\"\",\"detail\":\"\"}", Fault::protocol,
               nonsense},
           Row{"OK {\"decision\":\"secure\",\"domain\":\"a\",\"reason\":\"\",\"detail\":\"\"} x",
               Fault::protocol, nonsense},
       }) {
    auto decision = read_json_reply(row.reply);
    CAPTURE(row.reply);
    REQUIRE_FALSE(decision);
    CHECK(decision.error().fault == row.fault);
    CHECK(decision.error().detail == row.detail);
  }
}

TEST_CASE("deeply nested JSON is refused", "[milter]") {
  std::string deep = "OK " + std::string(50'000, '[');
  CHECK(read_json_reply(deep).error().fault == Fault::protocol);
}

TEST_CASE("texts of a reply are made printable and short", "[milter]") {
  auto decision = read_json_reply("OK {\"decision\":\"none\",\"domain\":\"a\\n\",\"reason\":\"" +
                                  std::string(5000, 'r') + "\",\"detail\":\"\\u0000\"}");
  REQUIRE(decision);
  CHECK(decision->domain == "a\\x0a");
  CHECK(decision->reason.size() <= 300);
  CHECK(decision->detail == "\\x00");
}

}  // namespace mtasts
