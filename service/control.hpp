// control - serves the connections of the control socket on an admin thread of its own, so that no request
// here delays an answer or the accepting of connections.
//
// A connection carries one request: a JSON object {"verb":…} on one line of at most 4096 octets. The reply is
// one JSON object on one line; {"error":…} if the request failed. The client has five seconds to send its
// request. Anybody who may connect (mode 0660) may use every verb.
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
  // Answers one verb, on the admin thread.
  using Verb = std::function<boost::asio::awaitable<boost::json::object>(boost::json::object request)>;

  explicit Control(Log& log) : log_(log) {}  // log must outlive this
  ~Control();                                // calls stop()

  void on(std::string verb, Verb answer);  // adds a verb; before start()
  void start();
  void stop();  // ends the thread and waits for it; conversations are cut off

  // Any thread may call it. Takes ownership of a connected socket. If 32 are open already, the one that has
  // been silent longest is closed; if none is silent, the new one is.
  void adopt(int descriptor);

  // Runs work on the admin thread. Any thread may call it.
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
  std::list<ConversationPtr> silent_;  // those that sent no whole request yet; the longest silent first
  std::size_t busy_ = 0;               // how many have sent one
  std::thread thread_;
};

}  // namespace mtasts
