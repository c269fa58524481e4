// metered - a TCP stream that accepts a limited number of octets from the other side, TLS's own included.
//
// What a server sends below HTTP (session tickets, key updates, empty records) is handled inside OpenSSL.
// Without a limit the server could go on sending it for as long as a fetch lasts. Part of exchange.
#pragma once

#include <boost/asio/compose.hpp>
#include <boost/asio/error.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <cstddef>
#include <utility>

namespace mtasts {

class MeteredTcp {
 public:
  using Inner = boost::beast::tcp_stream;
  using executor_type = Inner::executor_type;
  using lowest_layer_type = Inner::socket_type::lowest_layer_type;
  using Error = boost::system::error_code;

  MeteredTcp(executor_type executor, std::size_t limit) : inner_(std::move(executor)), left_(limit) {}

  executor_type get_executor() noexcept { return inner_.get_executor(); }
  Inner& next_layer() noexcept { return inner_; }
  lowest_layer_type& lowest_layer() noexcept { return inner_.socket().lowest_layer(); }
  const lowest_layer_type& lowest_layer() const noexcept { return inner_.socket().lowest_layer(); }
  // True if more than the limit came. The read that went above it failed (message_size), and so does each
  // later one.
  bool exceeded() const noexcept { return exceeded_; }

  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    auto read = [this, buffers, begun = false](auto& self, Error error = {}, std::size_t size = 0) mutable {
      if (!std::exchange(begun, true)) return inner_.async_read_some(buffers, std::move(self));
      exceeded_ = exceeded_ || size > left_;
      left_ -= exceeded_ ? 0 : size;
      if (!exceeded_) return self.complete(error, size);
      self.complete(boost::asio::error::message_size, 0);
    };
    return boost::asio::async_compose<Token, void(Error, std::size_t)>(std::move(read), token, inner_);
  }

  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    return inner_.async_write_some(buffers, std::forward<Token>(token));
  }

 private:
  Inner inner_;
  std::size_t left_;
  bool exceeded_ = false;
};

}  // namespace mtasts
