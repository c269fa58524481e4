// peers - how many connections each user of this host holds, so that one of them can't hold them all.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <unordered_map>
#include <utility>

namespace mtasts {

// Who has connected to a unix socket. nullopt: a TCP connection; those have no user.
std::optional<uid_t> peer_of(int descriptor) noexcept;

// For one thread; a Token may go to another, and outlive this.
class Peers {
 public:
  // One connection of a user; counted until it goes. Empty: of nobody in particular.
  class Token {
   public:
    Token() = default;
    explicit Token(std::shared_ptr<std::atomic<std::size_t>> count) : count_(std::move(count)) { ++*count_; }
    Token(Token&&) noexcept = default;
    Token& operator=(Token&&) = delete;
    ~Token() {
      if (count_) --*count_;
    }

   private:
    std::shared_ptr<std::atomic<std::size_t>> count_;
  };

  // nullopt: those who have no user count as one.
  Token add(std::optional<uid_t> user);
  std::size_t held(std::optional<uid_t> user) const;

 private:
  using Count = std::shared_ptr<std::atomic<std::size_t>>;
  std::unordered_map<uid_t, Count> counts_;
  Count of_nobody_ = std::make_shared<std::atomic<std::size_t>>(0);
};

// As whom Postfix connects, beside root: the user "postfix", if there is one (mail_owner).
std::optional<uid_t> postfix_user();

}  // namespace mtasts
