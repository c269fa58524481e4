// mtasts-milter - the milter (mtasts-milter(8)): options, then run_milter().
#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <string>

#include "conf/parse.hpp"
#include "milter/run.hpp"
#include "version.hpp"

namespace {

mtasts::Time now() { return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()); }

int refuse(const mtasts::Error& error) {
  std::cerr << "mtasts-milter: the configuration can't be used\n" << error.detail << '\n';
  return 1;
}

int check_config(const mtasts::Parsed& parsed, const std::string& file) {
  for (const std::string& warning : parsed.warnings) std::cerr << "warning: " << warning << '\n';
  if (auto checked = mtasts::check_milter_start(parsed.config); !checked) return refuse(checked.error());
  std::cout << "# effective configuration: " << (file.empty() ? "the defaults, no file" : file) << '\n'
            << mtasts::to_toml(parsed.config);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"mtasts-milter - refuses mail at the door that could not be sent safely (milter for Postfix)"};
  std::string config;
  bool check = false;
  app.add_option(
      "-c,--config", config,
      std::string("configuration file (default: ") + mtasts::default_config_file + ", if it exists)");
  app.add_flag("--check-config", check, "check the configuration, print it and exit; 1 if it has errors");
  app.set_version_flag("-V,--version", "mtasts-milter " + std::string(mtasts::version));
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 2;
  }

  sigset_t ours;  // whoever started the milter may have blocked them
  sigemptyset(&ours);
  for (int signal : {SIGHUP, SIGTERM, SIGINT}) sigaddset(&ours, signal);
  sigprocmask(SIG_UNBLOCK, &ours, nullptr);
  std::signal(SIGPIPE, SIG_IGN);  // the milter must survive a reader of its log that goes away
  std::signal(SIGXFSZ, SIG_IGN);
  auto paths = mtasts::default_paths();
  auto parsed = mtasts::find_config(config, paths, now());
  if (!parsed) return refuse(parsed.error());
  if (check) return check_config(*parsed, config);
  int status = 1;
  try {
    status = mtasts::run_milter({config, paths}, *std::move(parsed));
  } catch (const std::exception& e) {
    std::cerr << "mtasts-milter: " << e.what() << '\n';
  }
  std::cerr.flush();
  std::_Exit(status);  // without the destructors of static objects, which threads of libmilter may still use
}
