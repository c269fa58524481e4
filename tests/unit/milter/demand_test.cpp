// demand_in_force() and its words; tests of whole messages are in precedence_test.cpp.
#include <catch2/catch_test_macros.hpp>

#include "milter/demand.hpp"

namespace mtasts {

TEST_CASE("demands in words", "[milter]") {
  MessageMarks marks{.own_header = "X-Secure\n"};
  CHECK(in_words(Demand::requiretls, marks) == "REQUIRETLS");
  CHECK(in_words(Demand::requiretls_header, marks) == "header Require-TLS-ESMTP");
  CHECK(in_words(Demand::own_header, marks) == "header X-Secure\\x0a");
  CHECK(in_words(Demand::senders, marks) == "sender list");
  CHECK(in_words(Demand::users, marks) == "user list");
  CHECK(in_words(Demand::recipients, marks) == "recipient list");
}

TEST_CASE("a header of the administrator's own is in force only once all headers are known", "[milter]") {
  MessageMarks marks{.own_header = "X-Secure"};
  CHECK_FALSE(demand_in_force(marks, false, true));
  marks.headers_seen = true;
  CHECK(demand_in_force(marks, false, true) == Demand::own_header);
  marks.tls_required_no = true;
  CHECK_FALSE(demand_in_force(marks, false, true));
}

TEST_CASE("REQUIRETLS is named before anything else", "[milter]") {
  MessageMarks marks{.requiretls = true,
                     .requiretls_header = true,
                     .own_header = "X",
                     .listed_sender = true,
                     .listed_user = true,
                     .tls_required_no = true,
                     .headers_seen = true};
  CHECK(demand_in_force(marks, true, true) == Demand::requiretls);
  marks.requiretls = false;
  CHECK(demand_in_force(marks, true, true) == Demand::requiretls_header);
}

}  // namespace mtasts
