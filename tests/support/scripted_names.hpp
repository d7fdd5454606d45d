#pragma once

#include <parley/net/error.hpp>
#include <parley/net/name_source.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/post.hpp>

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace parley::test {

namespace asio = boost::asio;

/// `_sip._udp.example.com SRV`: how tests write down a question.
inline std::string question_text(std::string_view name, net::record_type type) {
  std::string out(name);
  switch (type) {
    case net::record_type::a: return out + " A";
    case net::record_type::aaaa: return out + " AAAA";
    case net::record_type::srv: return out + " SRV";
    case net::record_type::naptr: return out + " NAPTR";
  }
  return out;
}

inline net::name_record address_record(std::string_view ip) {
  return {base::ip_address::from_string(ip).value(), std::chrono::seconds(60)};
}
inline net::name_record srv_to(std::uint16_t priority, std::uint16_t weight, std::uint16_t port,
                               std::string target) {
  return {net::srv_record{priority, weight, port, std::move(target)}, std::chrono::seconds(60)};
}
inline net::name_record naptr_to(std::uint16_t order, std::uint16_t preference, std::string services,
                                 std::string replacement, std::string flags = "s", std::string regexp = {}) {
  return {net::naptr_record{order, preference, std::move(flags), std::move(services), std::move(regexp),
                            std::move(replacement)},
          std::chrono::seconds(60)};
}

/// What a test says that names have; all others are not found. Questions are written down in their order.
class name_script {
 public:
  void set(const std::string& question, net::name_records records) {
    answers_[question] = {{}, std::move(records)};
  }
  void fail(const std::string& question, base::error_code error) { answers_[question] = {error, {}}; }
  void address(const std::string& name, std::string_view ip) {
    const auto one = address_record(ip);
    const bool v6 = std::get<base::ip_address>(one.data).is_v6();
    answers_[name + (v6 ? " AAAA" : " A")].second.push_back(one);
  }

  std::pair<base::error_code, net::name_records> answer(const std::string& question) {
    asked.push_back(question);
    const auto found = answers_.find(question);
    if (found != answers_.end()) return found->second;
    return {net::errc::name_not_found, {}};
  }

  std::vector<std::string> asked;

 private:
  std::map<std::string, std::pair<base::error_code, net::name_records>> answers_;
};

/// A `name_source` that says what its script says.
class scripted_names final : public net::name_source {
 public:
  scripted_names(asio::any_io_executor executor, name_script& script)
      : executor_(std::move(executor)), script_(script) {}

  void query(const std::string& name, net::record_type type, handler done) override {
    asio::post(executor_, [answer = script_.answer(question_text(name, type)), done = std::move(done),
                           alive = std::weak_ptr<int>(alive_)] {
      if (!alive.expired()) done(answer.first, answer.second);
    });
  }

 private:
  asio::any_io_executor executor_;
  name_script& script_;
  std::shared_ptr<int> alive_ = std::make_shared<int>();
};

}  // namespace parley::test
