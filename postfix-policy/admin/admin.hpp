// admin - the daemon's control socket. The main loop accepts connections; the admin thread answers them.
#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>
#include <string>
#include <vector>

#include "postfix-policy/admin/status.hpp"
#include "service/account.hpp"
#include "service/control.hpp"
#include "service/control_verb.hpp"
#include "service/listener.hpp"

namespace mtasts {

// Only the main thread may call it, except use(), which any thread may call. It must outlive the answer loops
// and the resolve loop, because they post to it.
class Admin {
 public:
  // default_path: the control socket if none is configured. Its folder is created if it is missing, and a
  // default socket that can't be bound is only a warning. main_loop, log, clock, shortages and reserve must
  // outlive this.
  Admin(boost::asio::io_context& main_loop, Log& log, const Clock& clock, Shortages& shortages,
        DescriptorReserve& reserve, std::string default_path);

  // Binds the control socket of the configuration; called at the start and at each reload. Fault::config as
  // for Listening::bind(); then nothing has changed.
  Result<void> listen(const ListenConfig& config);

  void give_to(const Account& account) noexcept;  // the socket, and its folder if listen() created it

  // Call once, after the answer loops are made. Until stop(), each status request asks them and resolve for
  // their counts, so they must live until then.
  void start(std::vector<AnswerLoop*> loops, ResolveLoop& resolve, LmdbCache& cache, StatusFacts facts);
  void tell(StatusFacts facts);  // what a reload changed
  void use(HealthPtr health);    // any thread, after start()
  void close() { listeners_.close(); }
  void stop() { control_.stop(); }

 private:
  boost::asio::awaitable<boost::json::object> answer(ControlVerb verb);

  Log& log_;
  const Clock& clock_;
  Shortages& shortages_;
  std::string default_path_;
  std::string made_folder_;  // the folder of the default path, if listen() created it; else empty
  Control control_{log_};
  std::unique_ptr<StatusDesk> desk_;  // used by the admin thread only, once that runs
  Listeners listeners_;
};

}  // namespace mtasts
