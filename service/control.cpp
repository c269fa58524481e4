#include "service/control.hpp"

#include <unistd.h>

#include <algorithm>
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
#include "service/control_request.hpp"

namespace mtasts {

namespace asio = boost::asio;
namespace json = boost::json;
using Socket = asio::local::stream_protocol::socket;

// A connection and the time it has left.
struct Control::Conversation {
  explicit Conversation(const asio::any_io_executor& executor) : socket(executor), timer(executor) {}
  Socket socket;
  asio::steady_timer timer;
};

namespace {

constexpr std::size_t most_open = 32;
constexpr std::chrono::seconds patience{5};  // for sending the request, and again for reading the reply
constexpr asio::as_tuple_t<asio::use_awaitable_t<>> with_error;

template <class Conversation>
void limit(const std::shared_ptr<Conversation>& talk) {
  talk->timer.expires_after(patience);
  talk->timer.async_wait([weak = std::weak_ptr(talk)](boost::system::error_code error) {
    boost::system::error_code ignored;
    if (auto alive = weak.lock(); alive && !error) alive->socket.close(ignored);
  });
}

json::object trouble(std::string_view text) {
  return {{"error", json::string_view(text.data(), text.size())}};
}

// Reads one line; "" if none came in time. too_long: it has more octets than a request may have.
asio::awaitable<std::string> read_line(Socket& socket, bool& too_long) {
  std::string line;
  auto [error, size] = co_await asio::async_read_until(
      socket, asio::dynamic_buffer(line, longest_control_request), '\n', with_error);
  too_long = error == asio::error::not_found;
  line.resize(error ? 0 : size);
  co_return line;
}

// Reads what the client still sends. Closing with unread input would reset the connection, and the client
// would lose the reply.
asio::awaitable<void> take_the_rest(Socket& socket) {
  boost::system::error_code error;
  socket.shutdown(Socket::shutdown_send, error);
  std::array<char, 4096> rest;
  while (!error) {
    auto [failed, size] = co_await socket.async_read_some(asio::buffer(rest), with_error);
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
  asio::post(loop_, [this, descriptor] { enter(descriptor); });
}

void Control::enter(int descriptor) {
  auto talk = std::make_shared<Conversation>(loop_.get_executor());
  boost::system::error_code error;
  talk->socket.assign(asio::local::stream_protocol(), descriptor, error);
  if (error) return void(::close(descriptor));
  if (silent_.size() + busy_ >= most_open && !make_room()) return;
  silent_.push_back(talk);
  asio::co_spawn(loop_, serve(std::move(talk)), asio::detached);
}

// Spares a conversation whose request has begun to arrive.
bool Control::make_room() {
  auto said_nothing = [](const ConversationPtr& talk) {
    boost::system::error_code ignored;
    return talk->socket.available(ignored) == 0;
  };
  auto victim = std::ranges::find_if(silent_, said_nothing);
  if (victim == silent_.end()) return false;
  boost::system::error_code ignored;
  (*victim)->socket.close(ignored);
  silent_.erase(victim);
  return true;
}

asio::awaitable<void> Control::serve(ConversationPtr talk) {
  bool counted = false;
  try {
    limit(talk);
    bool too_long = false;
    std::string line = co_await read_line(talk->socket, too_long);
    counted = std::erase(silent_, talk) != 0;
    if (!counted) co_return;  // make_room() has closed it
    ++busy_;
    std::string reply;
    if (too_long) reply = json::serialize(trouble("the request is longer than 4096 octets"));
    if (!line.empty()) reply = co_await answer(std::move(line));
    if (!reply.empty()) {
      limit(talk);
      reply += '\n';
      co_await asio::async_write(talk->socket, asio::buffer(reply), with_error);
    }
    if (too_long) co_await take_the_rest(talk->socket);
  } catch (const std::exception& e) {  // out of memory: this conversation ends
    log_.event(Log::Level::error, "control", {{"text", "internal error"}, {"detail", e.what()}});
  }
  if (counted) --busy_;
  std::erase(silent_, talk);
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
