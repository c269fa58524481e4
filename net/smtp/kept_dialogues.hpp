// kept_dialogues - the dialogues of a run, so that each is held once and whoever asks for it again gets the
// same result. For one thread.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <compare>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "ports/smtp.hpp"

namespace mtasts {

class KeptDialogues {
 public:
  static constexpr std::size_t most_octets = std::size_t{16} << 20;

  struct Key {
    Address address;
    std::uint16_t port;
    std::string host;
    bool implicit_tls;
    friend auto operator<=>(const Key&, const Key&) = default;
  };
  struct Entry {
    explicit Entry(const boost::asio::any_io_executor& executor)
        : done(executor, boost::asio::steady_timer::time_point::max()) {}
    boost::asio::steady_timer done;  // cancelled when there is a dialogue; until then it can be waited for
    std::optional<SmtpDialogue> dialogue;
  };
  struct Found {
    std::shared_ptr<Entry> entry;
    bool is_new;  // the caller must see to it that finish() is called
  };

  // limit: octets of all finished dialogues; the oldest are forgotten, and held again if they are asked for.
  explicit KeptDialogues(boost::asio::any_io_executor executor, std::size_t limit = most_octets)
      : executor_(std::move(executor)), limit_(limit) {}

  // Entries may outlive the KeptDialogues.
  Found find(const Key& key);
  // Wakes those who wait. A dialogue that failed for lack of something here (SmtpTrouble::local) is not kept.
  void finish(const Key& key, SmtpDialogue dialogue);
  std::size_t size() const noexcept { return entries_.size(); }

 private:
  boost::asio::any_io_executor executor_;
  std::size_t limit_, octets_ = 0;
  std::map<Key, std::shared_ptr<Entry>> entries_;
  std::deque<Key> finished_;  // the oldest first
};

}  // namespace mtasts
