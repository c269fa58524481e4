#include "net/https/https_fetch.hpp"

#include <string_view>
#include <utility>

#include "core/sts_policy.hpp"
#include "net/https/get.hpp"
#include "net/https/proxy_credentials.hpp"

namespace mtasts {
namespace {

namespace asio = boost::asio;
using Fetched = std::expected<HttpAnswer, FetchError>;

constexpr std::string_view policy_label = "mta-sts.";
constexpr std::string_view policy_path = "/.well-known/mta-sts.txt", root_path = "/mta-sts.txt";

std::string policy_host(const DomainName& domain) {
  return std::string(policy_label) + std::string(domain.str());
}

std::expected<Url, FetchError> policy_url(const DomainName& domain) {
  Url url;
  url.host = policy_host(domain);
  url.path = policy_path;
  if (url.host.size() <= DomainName::max_size) return url;
  return std::unexpected(FetchError{FetchStep::address, url.host + " is longer than a host name can be"});
}

struct Started : Fetch::Start {
  explicit Started(AddressLookupPtr begun) : lookup(std::move(begun)) {}
  AddressLookupPtr lookup;
};

// Settings are shared, because a fetch may still be under way when the HttpsFetch that began it is replaced.
asio::awaitable<Fetched> fetch_policy(std::shared_ptr<const GetSettings> settings, PolicyRequest request) {
  auto url = policy_url(request.domain);
  if (!url) co_return std::unexpected(std::move(url.error()));
  GetJob job;
  job.url = std::move(*url);
  if (auto* begun = dynamic_cast<Started*>(request.started.get())) job.lookup = std::move(begun->lookup);
  job.hurry = request.hurry;
  job.gate = request.gate;
  auto fetched = co_await get(request.dns, std::move(settings), std::move(job));
  co_return fetched;
}

asio::awaitable<PolicyHostAnswer> fetch_policy_at(std::shared_ptr<const GetSettings> settings,
                                                  PolicyRequest request, Address address) {
  auto url = policy_url(request.domain);
  if (!url) co_return not_asked(url.error().step, std::move(url.error().detail));
  auto answer = co_await get_at(std::move(settings), std::move(*url), address);
  co_return answer;
}

std::string url_host(const DomainName& domain, PolicyPlace place) {
  std::string name(domain.str());
  if (place == PolicyPlace::domain) return name;
  return place == PolicyPlace::www ? "www." + name : policy_host(domain);
}

asio::awaitable<PlaceFound> look_at_place(std::shared_ptr<const GetSettings> settings, PolicyRequest request,
                                          PolicyPlace place) {
  GetJob job;
  job.url.host = url_host(request.domain, place);
  job.url.path = place == PolicyPlace::root ? root_path : policy_path;
  job.url.plain = place == PolicyPlace::plain_http;
  if (job.url.plain) job.url.port = 80;
  if (settings->proxy || job.url.host.size() > DomainName::max_size) co_return PlaceFound::not_asked;
  auto answer = co_await get(request.dns, std::move(settings), std::move(job));
  if (!answer && answer.error().local) co_return PlaceFound::not_asked;
  bool is_policy = answer && answer->status == 200 && lint_policy(answer->body).policy.has_value();
  co_return is_policy ? PlaceFound::policy : PlaceFound::nothing;
}

class HttpsFetch final : public Fetch {
 public:
  HttpsFetch(asio::io_context& loop, std::shared_ptr<const GetSettings> settings)
      : executor_(loop.get_executor()), settings_(std::move(settings)) {}

  StartPtr start(const DomainName& domain, Dns& dns) override {
    std::string host = policy_host(domain);
    if (dns.busy() || settings_->proxy || host.size() > DomainName::max_size) return nullptr;
    return std::make_unique<Started>(begin_lookup(executor_, dns, host));
  }

  asio::awaitable<Fetched> get_policy(PolicyRequest request) override {
    return fetch_policy(settings_, std::move(request));
  }

  asio::awaitable<PolicyHostAnswer> get_policy_at(PolicyRequest request, Address address) override {
    return fetch_policy_at(settings_, std::move(request), address);
  }

  asio::awaitable<PlaceFound> look_at(PolicyRequest request, PolicyPlace place) override {
    return look_at_place(settings_, std::move(request), place);
  }

 private:
  asio::any_io_executor executor_;
  std::shared_ptr<const GetSettings> settings_;
};

}  // namespace

Result<std::unique_ptr<Fetch>> make_https_fetch(asio::io_context& loop, HttpsOptions options) {
  auto settings = std::make_shared<GetSettings>();
  settings->proxy = std::move(options.proxy);
  if (settings->proxy && !options.proxy_credentials_file.empty()) {
    auto login = read_proxy_credentials(options.proxy_credentials_file);
    if (!login) return std::unexpected(std::move(login.error()));
    settings->proxy_authorization = std::move(*login);
  }
  auto tls = make_tls_context(options.ca_file);
  if (!tls) return std::unexpected(std::move(tls.error()));
  settings->tls = std::move(*tls);
  settings->sessions = std::make_shared<TlsSessions>();
  settings->timeout = options.timeout;
  settings->allow_addresses = std::move(options.allow_addresses);
  settings->turns = std::make_shared<HostTurns>(loop.get_executor());
  return std::make_unique<HttpsFetch>(loop, std::move(settings));
}

}  // namespace mtasts
