// counted - counts what is under way: everything that counts holds a token.
//
// For one thread. A token may outlive its Counter.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>

namespace mtasts {

class Counter {
 public:
  class Token {
   public:
    explicit Token(std::shared_ptr<std::size_t> count) : count_(std::move(count)) { ++*count_; }
    Token(Token&&) noexcept = default;
    Token& operator=(Token&&) = delete;
    ~Token() {
      if (count_) --*count_;
    }

   private:
    std::shared_ptr<std::size_t> count_;
  };

  Token add() const { return Token(count_); }
  std::size_t size() const noexcept { return *count_; }

 private:
  std::shared_ptr<std::size_t> count_ = std::make_shared<std::size_t>(0);
};

}  // namespace mtasts
