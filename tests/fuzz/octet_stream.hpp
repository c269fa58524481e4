// octet_stream - a stream for Asio out of octets in memory: given in parts of a size, then closed. Each read
// ends by a turn of the loop, as a socket's does.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <cstddef>
#include <exception>
#include <optional>
#include <string_view>

namespace fuzz {

class OctetStream {
 public:
  using executor_type = boost::asio::any_io_executor;

  OctetStream(executor_type executor, std::string_view octets, std::size_t part,
              boost::system::error_code end)
      : executor_(std::move(executor)), rest_(octets), part_(part), end_(end) {}

  executor_type get_executor() const { return executor_; }

  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    auto read = [this, buffers](auto handler) {
      std::string_view part = rest_.substr(0, part_);
      std::size_t size = boost::asio::buffer_copy(buffers, boost::asio::buffer(part.data(), part.size()));
      rest_.remove_prefix(size);
      bool over = size == 0 && boost::asio::buffer_size(buffers) > 0;
      auto error = over ? end_ : boost::system::error_code();
      boost::asio::post(executor_,
                        [handler = std::move(handler), error, size]() mutable { handler(error, size); });
    };
    return boost::asio::async_initiate<Token, void(boost::system::error_code, std::size_t)>(std::move(read),
                                                                                            token);
  }

 private:
  executor_type executor_;
  std::string_view rest_;
  std::size_t part_;
  boost::system::error_code end_;
};

// Runs a coroutine that reads the octets.
template <class T, class Read>
T read_octets(std::string_view octets, std::size_t part, boost::system::error_code end, Read read) {
  boost::asio::io_context loop(1);
  OctetStream stream(loop.get_executor(), octets, part, end);
  std::optional<T> result;
  boost::asio::co_spawn(loop, read(stream), [&result](std::exception_ptr error, T value) {
    if (error) std::rethrow_exception(error);
    result.emplace(std::move(value));
  });
  loop.run();
  return std::move(result.value());
}

}  // namespace fuzz
