#include "net/smtp/kept_dialogues.hpp"

#include <boost/asio/io_context.hpp>
#include <catch2/catch_test_macros.hpp>

namespace mtasts {
namespace {

KeptDialogues::Key key(std::uint16_t port) { return {parse_address("192.0.2.1").value(), port, "mx", false}; }

SmtpDialogue dialogue(std::size_t octets) {
  SmtpDialogue made;
  made.tls.emplace().chain.push_back(std::string(octets, 'x'));
  return made;
}

TEST_CASE("a dialogue is new once; whoever asks later gets the same", "[net]") {
  boost::asio::io_context loop;
  KeptDialogues kept(loop.get_executor());
  auto first = kept.find(key(25)), second = kept.find(key(25));
  CHECK(first.is_new);
  CHECK_FALSE(second.is_new);
  CHECK(first.entry == second.entry);
  CHECK_FALSE(first.entry->dialogue);
  kept.finish(key(25), dialogue(100));
  CHECK(first.entry->dialogue == dialogue(100));
  CHECK(kept.find(key(25)).entry == first.entry);
}

TEST_CASE("each of address, port, host and kind of TLS makes another dialogue", "[net]") {
  boost::asio::io_context loop;
  KeptDialogues kept(loop.get_executor());
  auto address = parse_address("192.0.2.1").value(), other = parse_address("2001:db8::1").value();
  CHECK(kept.find({address, 25, "mx", false}).is_new);
  CHECK(kept.find({other, 25, "mx", false}).is_new);
  CHECK(kept.find({address, 465, "mx", false}).is_new);
  CHECK(kept.find({address, 25, "", false}).is_new);
  CHECK(kept.find({address, 25, "mx", true}).is_new);
  CHECK(kept.size() == 5);
}

TEST_CASE("what failed for lack of something here is not kept", "[net]") {
  boost::asio::io_context loop;
  KeptDialogues kept(loop.get_executor());
  auto found = kept.find(key(25));
  SmtpDialogue failed;
  failed.trouble = SmtpTrouble::local;
  kept.finish(key(25), failed);
  CHECK(found.entry->dialogue == failed);
  CHECK(kept.find(key(25)).is_new);
}

TEST_CASE("the oldest dialogues are forgotten above the limit, but those under way never", "[net]") {
  boost::asio::io_context loop;
  KeptDialogues kept(loop.get_executor(), 100'000);
  auto under_way = kept.find(key(1));
  for (std::uint16_t port = 100; port < 200; ++port) {
    kept.find(key(port));
    kept.finish(key(port), dialogue(10'000));
    CHECK(kept.size() <= 10);
  }
  CHECK(kept.find(key(1)).entry == under_way.entry);
  CHECK_FALSE(kept.find(key(199)).is_new);
  CHECK(kept.find(key(100)).is_new);
}

TEST_CASE("a dialogue larger than the limit still reaches those who wait", "[net]") {
  boost::asio::io_context loop;
  KeptDialogues kept(loop.get_executor(), 1000);
  auto found = kept.find(key(25));
  kept.finish(key(25), dialogue(10'000));
  CHECK(found.entry->dialogue == dialogue(10'000));
  CHECK(kept.size() == 0);
}

}  // namespace
}  // namespace mtasts
