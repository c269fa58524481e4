#include "postfix-policy/control.hpp"

#include <unistd.h>

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <chrono>
#include <exception>

#include "core/finding.hpp"
#include "postfix-policy/control_request.hpp"

namespace mtasts {

namespace asio = boost::asio;
namespace json = boost::json;
using Socket = asio::local::stream_protocol::socket;

namespace {

constexpr unsigned most_open = 32;
constexpr std::chrono::seconds patience{5};  // for the request, and again for taking the reply
constexpr asio::as_tuple_t<asio::use_awaitable_t<>> with_error;

// A connection and the time it has left.
struct Conversation {
  explicit Conversation(const asio::any_io_executor& executor) : socket(executor), timer(executor) {}
  Socket socket;
  asio::steady_timer timer;
};
using ConversationPtr = std::shared_ptr<Conversation>;

void limit(const ConversationPtr& talk) {
  talk->timer.expires_after(patience);
  talk->timer.async_wait([weak = std::weak_ptr(talk)](boost::system::error_code error) {
    boost::system::error_code ignored;
    if (auto alive = weak.lock(); alive && !error) alive->socket.close(ignored);
  });
}

json::object trouble(std::string_view text) {
  return {{"error", json::string_view(text.data(), text.size())}};
}

// The line without its end, or "" if none came in time. too_long: more octets than a request may have.
asio::awaitable<std::string> read_line(ConversationPtr talk, bool& too_long) {
  std::string line;
  auto [error, size] = co_await asio::async_read_until(
      talk->socket, asio::dynamic_buffer(line, longest_control_request), '\n', with_error);
  too_long = error == asio::error::not_found;
  line.resize(error ? 0 : size);
  co_return line;
}

// What the client still sends is taken: closing on it would reset the connection, and the reply with it.
asio::awaitable<void> take_the_rest(ConversationPtr talk) {
  boost::system::error_code error;
  talk->socket.shutdown(Socket::shutdown_send, error);
  std::array<char, 4096> rest;
  while (!error) {
    auto [failed, size] = co_await talk->socket.async_read_some(asio::buffer(rest), with_error);
    error = failed;
  }
}

}  // namespace

Control::~Control() { stop(); }

void Control::on(std::string verb, Verb answer) {
  verbs_.insert_or_assign(std::move(verb), std::move(answer));
}

void Control::start() {
  thread_ = std::thread([this] { loop_.run(); });
}

void Control::stop() {
  loop_.stop();
  if (thread_.joinable()) thread_.join();
}

void Control::post(std::move_only_function<void()> work) { asio::post(loop_, std::move(work)); }

void Control::adopt(int descriptor) {
  asio::post(loop_, [this, descriptor] {
    if (open_ < most_open) {
      ++open_;
      asio::co_spawn(loop_, serve(descriptor), asio::detached);
    } else {
      ::close(descriptor);
    }
  });
}

asio::awaitable<void> Control::serve(int descriptor) {
  auto talk = std::make_shared<Conversation>(loop_.get_executor());
  boost::system::error_code error;
  talk->socket.assign(asio::local::stream_protocol(), descriptor, error);
  if (error) ::close(descriptor);
  try {
    limit(talk);
    bool too_long = false;
    std::string line = co_await read_line(talk, too_long);
    std::string reply;
    if (too_long) reply = json::serialize(trouble("the request is longer than 4096 octets"));
    if (!line.empty()) reply = co_await answer(std::move(line));
    if (!reply.empty()) {
      limit(talk);
      reply += '\n';
      co_await asio::async_write(talk->socket, asio::buffer(reply), with_error);
    }
    if (too_long) co_await take_the_rest(talk);
  } catch (const std::exception& e) {  // no memory: this conversation ends
    log_.event(Log::Level::error, "control", {{"text", "internal error"}, {"detail", e.what()}});
  }
  --open_;
}

asio::awaitable<std::string> Control::answer(std::string line) {
  auto request = read_control_request(line);
  if (!request) co_return json::serialize(trouble(request.error().detail));
  auto found = verbs_.find(request->verb);
  if (found == verbs_.end()) {
    std::string known;
    for (const auto& [name, answers] : verbs_) known += (known.empty() ? "" : ", ") + name;
    co_return json::serialize(
        trouble("unknown verb \"" + printable(request->verb, 40) + "\"; this mtastsd knows: " + known));
  }
  json::object reply = co_await found->second(std::move(request->object));
  co_return json::serialize(reply);
}

}  // namespace mtasts
