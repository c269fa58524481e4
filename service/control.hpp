// control - the control socket's conversations, on an admin thread of their own: nothing asked here stalls an
// answer or the accepting of connections.
//
// One request a connection: a JSON object {"verb":…} on one line of at most 4096 octets, answered by one JSON
// object on one line; {"error":…} if it can't be done. Five seconds for the request. Who may connect (mode
// 0660) may ask for everything.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json/fwd.hpp>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <thread>

#include "service/log.hpp"

namespace mtasts {

class Control {
 public:
  // Runs on the admin thread.
  using Verb = std::function<boost::asio::awaitable<boost::json::object>(boost::json::object request)>;

  explicit Control(Log& log) : log_(log) {}  // log outlives this
  ~Control();                                // stop()

  void on(std::string verb, Verb answer);  // before start()
  void start();
  void stop();  // joins; conversations end where they are

  // Any thread. Takes ownership of a connected socket. Above 32 at once the one that has been silent longest
  // is closed for it; the new one if none is silent.
  void adopt(int descriptor);

  // Runs it on the admin thread.
  void post(std::move_only_function<void()> work);
  boost::asio::any_io_executor executor() noexcept { return loop_.get_executor(); }

 private:
  struct Conversation;
  using ConversationPtr = std::shared_ptr<Conversation>;

  void enter(int descriptor);
  bool make_room();
  boost::asio::awaitable<void> serve(ConversationPtr talk);
  boost::asio::awaitable<std::string> answer(std::string line);

  boost::asio::io_context loop_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{loop_.get_executor()};
  Log& log_;
  std::map<std::string, Verb, std::less<>> verbs_;
  std::list<ConversationPtr> silent_;  // without a whole request; the longest first
  std::size_t busy_ = 0;               // with one
  std::thread thread_;
};

}  // namespace mtasts
