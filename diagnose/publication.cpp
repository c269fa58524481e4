#include "diagnose/publication.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>
#include <string_view>

#include "core/finding.hpp"
#include "core/text.hpp"
#include "core/time_text.hpp"

namespace mtasts {
namespace {

constexpr std::uint32_t day = 86'400, two_weeks = 14 * day, month = 30 * day;
constexpr std::size_t most_in_string = 255;  // of a TXT record (RFC 1035 §3.3)

// Replaces each HOST of the text.
std::string for_host(std::string_view text, std::string_view host) {
  constexpr std::string_view mark = "HOST";
  std::string out;
  for (std::size_t at; (at = text.find(mark)) != std::string_view::npos; text.remove_prefix(at + mark.size()))
    out.append(text.substr(0, at)).append(host);
  return out.append(text);
}

constexpr std::string_view nginx = R"(server {
    listen 443 ssl;
    listen [::]:443 ssl;
    server_name HOST;
    ssl_certificate /etc/letsencrypt/live/HOST/fullchain.pem;
    ssl_certificate_key /etc/letsencrypt/live/HOST/privkey.pem;
    ssl_protocols TLSv1.2 TLSv1.3;
    location = /.well-known/mta-sts.txt {
        root /var/www/HOST;
        types { }
        default_type text/plain;
        gzip off;
    }
    location / {
        return 404;
    }
}
)";

constexpr std::string_view caddy = R"(HOST {
    handle /.well-known/mta-sts.txt {
        root * /var/www/HOST
        header Content-Type text/plain
        file_server
    }
    handle {
        respond 404
    }
}
)";

constexpr std::string_view apache = R"(<VirtualHost *:443>
    ServerName HOST
    DocumentRoot /var/www/HOST
    SSLEngine on
    SSLProtocol -all +TLSv1.2 +TLSv1.3
    SSLCertificateFile /etc/letsencrypt/live/HOST/fullchain.pem
    SSLCertificateKeyFile /etc/letsencrypt/live/HOST/privkey.pem
    <Directory /var/www/HOST>
        Require all granted
    </Directory>
    <Files mta-sts.txt>
        ForceType text/plain
    </Files>
</VirtualHost>
)";

bool enforces_already(const PublicationFacts& facts) noexcept {
  return facts.published && facts.published->mode == Mode::enforce;
}

// A domain that enforces keeps its max_age, if that is longer.
std::uint32_t span_of_enforce(const PublicationFacts& facts) {
  return std::max(two_weeks, enforces_already(facts) ? facts.published->max_age : 0);
}

std::string policy_text(const PublicationFacts& facts) {
  Policy policy{.mode = facts.mode,
                .max_age = facts.mode == Mode::enforce ? span_of_enforce(facts) : day,
                .mx = facts.mx,
                .lines = {}};
  return plain_lines(policy) + '\n';
}

std::string seconds(std::uint32_t span) { return "max_age: " + std::to_string(span); }

using Plan = std::vector<std::string>;

Plan first_steps(const PublicationFacts& facts, const Publication& done) {
  return {"Point " + std::string(facts.policy_host.str()) +
              " at a web server with a certificate for that name from a public CA. Serve the policy at " +
              done.policy_url + ", as text/plain and without a redirect.",
          "Then publish the TXT records. The policy comes first, since senders fetch it as soon as they see "
          "the record at " +
              done.sts.name + "."};
}

std::string replacement(const PublicationFacts& facts, const Publication& done) {
  auto mode = facts.published->mode;
  std::string text = "The domain publishes a policy already, " +
                     (mode ? "of mode " + std::string(words(*mode)) + " and " : std::string()) +
                     "with the id " + printable(facts.published->id) + ". Put the new one in its place at " +
                     done.policy_url + '.';
  if (weakens(facts))
    text +=
        " Do so only if mail should go out from now on even if TLS fails: the new one is of mode testing.";
  return text;
}

// For a domain that has MTA-STS.
Plan steps_of_change(const PublicationFacts& facts, const Publication& done) {
  return {replacement(facts, done),
          "After it, write the new id into the record at " + done.sts.name +
              ": senders fetch the policy again when the id changes." +
              (facts.tlsrpt ? " The record at " + done.tlsrpt.name + " stays as it is."
                            : " Publish the record at " + done.tlsrpt.name + " too.")};
}

std::string reports_step(const PublicationFacts& facts) {
  if (facts.tlsrpt) return "Read the TLS reports that arrive where the TLSRPT record says";
  return "Make sure that " + facts.report_uri + " exists, and read the TLS reports that arrive there";
}

Plan steps_of_testing(const PublicationFacts& facts) {
  std::string enforce = "\"mode: enforce\" and \"" + seconds(two_weeks) + '"';
  return {reports_step(facts) +
              " for two to four weeks. Mend each MX host that fails in them; while the mode is testing, mail "
              "is delivered all the same.",
          "When the reports show no more failures, change the policy to " + enforce +
              ", and after it the id in the record. From then on, senders defer mail when TLS fails."};
}

Plan steps_of_mending(const PublicationFacts& facts) {
  std::string list;
  for (const std::string& each : facts.hindrances) list += (list.empty() ? "" : "; ") + each;
  return {reports_step(facts) + ". While the mode is testing, mail is delivered even if TLS fails.",
          "Mend what stands in the way of the next mode: " + list + '.',
          "After that, and when the reports show no more failures, run \"mtastsctl generate --mode enforce " +
              std::string(facts.domain.str()) + "\". It prints the next policy when every MX host passes."};
}

Plan steps_of_enforce(const PublicationFacts& facts) {
  if (enforces_already(facts)) return {reports_step(facts) + '.'};
  return {
      "With mode enforce senders defer mail from the first day if an MX host fails. If you are not "
      "sure of all MX hosts and their certificates, begin with mode testing.",
      reports_step(facts) + '.'};
}

Plan middle_steps(const PublicationFacts& facts) {
  if (!facts.hindrances.empty()) return steps_of_mending(facts);
  return facts.mode == Mode::testing ? steps_of_testing(facts) : steps_of_enforce(facts);
}

Plan last_steps(const PublicationFacts& facts) {
  std::string longer =
      "After some weeks without failures write \"" + seconds(month) + "\", and change the id. ";
  bool long_enough = facts.mode == Mode::enforce && span_of_enforce(facts) >= month;
  return {
      (facts.hindrances.empty() && !long_enough ? longer : std::string()) +
          "Each later change of the policy, such as a new MX host, needs a new id too, and must come before "
          "the change of the MX records.",
      "To leave MTA-STS, publish \"mode: none\" with a new id, and remove records and policy only "
      "when the old max_age has passed."};
}

Plan plan_of(const PublicationFacts& facts, const Publication& done) {
  Plan plan = facts.published ? steps_of_change(facts, done) : first_steps(facts, done);
  for (const Plan& part : std::array{middle_steps(facts), last_steps(facts)})
    std::ranges::copy(part, std::back_inserter(plan));
  return plan;
}

}  // namespace

bool weakens(const PublicationFacts& facts) noexcept {
  return enforces_already(facts) && facts.mode == Mode::testing;
}

std::string policy_id(Time now) {
  std::string id;
  for (char c : utc_text(now))
    if (is_digit(c)) id += c;
  return id + 'Z';
}

std::string zone_line(const TxtRecord& record) {
  std::string line = record.name + ". IN TXT";
  for (std::size_t at = 0; at < record.text.size(); at += most_in_string) {
    line += " \"";
    for (char c : std::string_view(record.text).substr(at, most_in_string)) {
      if (c == '"' || c == '\\') line += '\\';
      line += c;
    }
    line += '"';
  }
  return line;
}

Publication publication(const PublicationFacts& facts) {
  std::string domain(facts.domain.str()), host(facts.policy_host.str());
  Publication made{
      .sts = {"_mta-sts." + domain, "v=STSv1; id=" + policy_id(facts.now) + ";"},
      .tlsrpt = {"_smtp._tls." + domain, facts.tlsrpt.value_or("v=TLSRPTv1; rua=" + facts.report_uri)},
      .policy_url = "https://" + host + "/.well-known/mta-sts.txt",
      .policy = policy_text(facts),
      .snippets = {{"nginx", for_host(nginx, host)},
                   {"Caddy", for_host(caddy, host)},
                   {"Apache", for_host(apache, host)}},
      .plan = {}};
  made.plan = plan_of(facts, made);
  return made;
}

}  // namespace mtasts
