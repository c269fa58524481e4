// admin - the control socket as the daemon has it: listening on the main loop, talking on the admin thread.
#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>
#include <string>
#include <vector>

#include "postfix-policy/admin/status.hpp"
#include "postfix-policy/preflight.hpp"
#include "service/control.hpp"
#include "service/control_verb.hpp"
#include "service/listener.hpp"

namespace mtasts {

// Main thread only, but for use(). Must outlive the answer loops and the resolve loop: they post to it.
class Admin {
 public:
  // default_path: of a control socket that nobody configured; its folder is made if need be, and it is only a
  // warning if it can't be used. main_loop, log, clock, shortages and reserve outlive this.
  Admin(boost::asio::io_context& main_loop, Log& log, const Clock& clock, Shortages& shortages,
        DescriptorReserve& reserve, std::string default_path);

  // At start and at a reload. Fault::config as for Listening::bind(); nothing has changed then.
  Result<void> listen(const ListenConfig& config);

  void give_to(const Account& account) noexcept;  // the socket, and its folder if that was made here

  // Once, after the answer loops are made; these are asked for their part of the status until stop().
  void start(std::vector<AnswerLoop*> loops, ResolveLoop& resolve, LmdbCache& cache, StatusFacts facts);
  void tell(StatusFacts facts);  // after a reload
  void use(HealthPtr health);    // any thread, after start()
  void close() { listeners_.close(); }
  void stop() { control_.stop(); }

 private:
  boost::asio::awaitable<boost::json::object> answer(ControlVerb verb);

  Log& log_;
  const Clock& clock_;
  Shortages& shortages_;
  std::string default_path_;
  std::string made_folder_;  // of the default path; empty: it was there
  Control control_{log_};
  std::unique_ptr<StatusDesk> desk_;  // the admin thread's, once that runs
  Listeners listeners_;
};

}  // namespace mtasts
