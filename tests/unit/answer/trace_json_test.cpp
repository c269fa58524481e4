#include "answer/trace_json.hpp"

#include <boost/json/object.hpp>
#include <catch2/catch_test_macros.hpp>

namespace mtasts {

TEST_CASE("a dialogue as JSON, with the peer's text made printable", "[json]") {
  SmtpStep step;
  step.request = {parse_address("192.0.2.1").value(), 25, "mx.example"};
  step.dialogue.reached = SmtpStage::starttls;
  step.dialogue.trouble = SmtpTrouble::tls;
  step.dialogue.detail = "why";
  step.dialogue.greeting = {220, {"hello \x1b[31m"}};
  step.took = std::chrono::milliseconds(5);
  auto object = trace_json({step}).at(0).as_object();
  CHECK(object["kind"] == "smtp");
  CHECK(object["host"] == "mx.example");
  CHECK(object["address"] == "192.0.2.1");
  CHECK(object["port"] == 25);
  CHECK(object["reached"] == "starttls");
  CHECK(object["trouble"] == "tls");
  CHECK(object["detail"] == "why");
  CHECK(object["greeting"].at("code") == 220);
  CHECK(object["greeting"].at("lines").at(0) == "hello \\x1b[31m");
  CHECK(object["tls"].is_null());
  CHECK(object["ms"] == 5);
  step.dialogue.tls = SmtpTlsFacts{};
  step.dialogue.tls->version = "TLSv1.3";
  step.dialogue.tls->untrusted_words = "certificate has expired";
  auto tls = trace_json({step}).at(0).at("tls").as_object();
  CHECK(tls["version"] == "TLSv1.3");
  CHECK(tls["untrusted"] == "certificate has expired");
}

TEST_CASE("a name server and another place for a policy as JSON", "[json]") {
  NameServerStep server{parse_address("192.0.2.53").value(), {}};
  server.asked.name = "_mta-sts.a.example";
  auto object = trace_json({server}).at(0).as_object();
  CHECK(object["kind"] == "name-server");
  CHECK(object["server"] == "192.0.2.53");
  CHECK(object["name"] == "_mta-sts.a.example");
  PolicyPlaceStep place{DomainName::parse("a.example").value(), PolicyPlace::root, PlaceFound::nothing};
  object = trace_json({place}).at(0).as_object();
  CHECK(object["kind"] == "policy-place");
  CHECK(object["url"] == "https://mta-sts.a.example/mta-sts.txt");
  CHECK(object["found"] == "nothing");
}

TEST_CASE("a policy host at one address as JSON", "[json]") {
  PolicyHostStep step{DomainName::parse("a.example").value(),
                      parse_address("::1").value(),
                      not_asked(FetchStep::address, "special-use"),
                      {}};
  auto object = trace_json({step}).at(0).as_object();
  CHECK(object["kind"] == "policy-host");
  CHECK(object["url"] == "https://mta-sts.a.example/.well-known/mta-sts.txt");
  CHECK(object["address"] == "::1");
  CHECK(object["status"].is_null());
  CHECK(object["step"] == "address lookup");
  CHECK(object["detail"] == "special-use");
  step.answer.answer = HttpAnswer{404, "", ""};
  step.answer.seen.status = 404;
  step.answer.seen.untrusted_words = "hostname mismatch";
  object = trace_json({step}).at(0).as_object();
  CHECK(object["status"] == 404);
  CHECK(object["step"].is_null());
  CHECK(object["untrusted"] == "hostname mismatch");
}

}  // namespace mtasts
