// peers - counts the connections of each user of this host, so that no user can take them all.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <unordered_map>
#include <utility>

namespace mtasts {

// The user at the other end of a unix socket. nullopt for a TCP connection, which has no user.
std::optional<uid_t> peer_of(int descriptor) noexcept;

// For one thread. A Token may move to another thread, and may outlive this.
class Peers {
 public:
  // Counts one connection of a user until it is destroyed. An empty Token counts nothing.
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

  // nullopt: all connections without a user are counted together.
  Token add(std::optional<uid_t> user);
  std::size_t held(std::optional<uid_t> user) const;

 private:
  using Count = std::shared_ptr<std::atomic<std::size_t>>;
  std::unordered_map<uid_t, Count> counts_;
  Count of_nobody_ = std::make_shared<std::atomic<std::size_t>>(0);
};

// The user that Postfix connects as, unless as root: "postfix" (mail_owner). nullopt: there is no such user.
std::optional<uid_t> postfix_user();

}  // namespace mtasts
