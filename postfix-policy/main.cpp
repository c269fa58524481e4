// mtastsd - the policy daemon (mtastsd(8)): options, then run_daemon().
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <csignal>
#include <iostream>
#include <string>

#include "conf/parse.hpp"
#include "postfix-policy/daemon.hpp"
#include "postfix-policy/preflight.hpp"
#include "service/account.hpp"
#include "version.hpp"

namespace {

struct Options {
  std::string config;
  bool check = false;
};

mtasts::Time now() { return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()); }

int refuse(const mtasts::Error& error) {
  std::cerr << "mtastsd: the configuration can't be used\n" << error.detail << '\n';
  return 1;
}

// Becomes the user that the daemon would run as, because the daemon reads these files with that user's
// rights. This process only prints afterwards.
mtasts::Result<void> try_network_as_user(const mtasts::Config& config) {
  auto account = mtasts::account_to_become(config.listen);
  if (account && *account) {
    if (auto done = mtasts::become(**account); !done) return done;
  }
  return mtasts::try_network(config);
}

// Checks this host too, so that a configuration that passes can be started with.
int check_config(const mtasts::Parsed& parsed, const std::string& file) {
  for (const std::string& warning : parsed.warnings) std::cerr << "warning: " << warning << '\n';
  auto checked = mtasts::check_start(parsed.config, ::geteuid() == 0, try_network_as_user);
  if (checked) checked = mtasts::check_cache_format(parsed.config.cache.path);
  if (!checked) return refuse(checked.error());
  std::cout << "# effective configuration: " << (file.empty() ? "the defaults, no file" : file) << '\n'
            << mtasts::to_toml(parsed.config);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"mtastsd - MTA-STS policy daemon for Postfix (socketmap)"};
  Options options;
  app.add_option(
      "-c,--config", options.config,
      std::string("configuration file (default: ") + mtasts::default_config_file + ", if it exists)");
  app.add_flag("--check-config", options.check,
               "check the configuration, print it and exit; 1 if it has errors");
  app.set_version_flag("-V,--version", "mtastsd " + std::string(mtasts::version));
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 2;
  }

  std::signal(SIGPIPE, SIG_IGN);  // the daemon must survive a reader of its log that goes away
  std::signal(SIGXFSZ, SIG_IGN);  // at a file size limit the write fails, and the process goes on
  auto paths = mtasts::default_paths();
  auto parsed = mtasts::find_config(options.config, paths, now());
  if (!parsed) return refuse(parsed.error());
  if (options.check) return check_config(*parsed, options.config);
  try {
    return mtasts::run_daemon({options.config, paths}, *std::move(parsed));
  } catch (const std::exception& e) {
    std::cerr << "mtastsd: " << e.what() << '\n';
    return 1;
  }
}
