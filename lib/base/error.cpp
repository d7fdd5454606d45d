#include <parley/base/error.hpp>

#include <boost/system/errc.hpp>

#include <string>

namespace parley::base {
namespace {

class category final : public error_category {
 public:
  const char* name() const noexcept override { return "parley.base"; }

  std::string message(int value) const override {
    switch (static_cast<errc>(value)) {
      case errc::truncated: return "the input ends too early";
      case errc::no_space: return "no room in the output";
      case errc::limit_reached: return "a configured limit is reached";
      case errc::queue_full: return "a queue is full";
      case errc::invalid_address: return "not an IP address";
      case errc::invalid_port: return "not a port number";
      case errc::out_of_range: return "a position or value is out of range";
      case errc::buffer_shared: return "the buffer is shared";
    }
    return "unknown error";
  }

  boost::system::error_condition default_error_condition(int value) const noexcept override {
    namespace generic = boost::system::errc;
    switch (static_cast<errc>(value)) {
      case errc::truncated: return generic::make_error_condition(generic::bad_message);
      case errc::no_space: return generic::make_error_condition(generic::no_buffer_space);
      case errc::limit_reached: return generic::make_error_condition(generic::not_enough_memory);
      case errc::queue_full: return generic::make_error_condition(generic::resource_unavailable_try_again);
      case errc::invalid_address:
      case errc::invalid_port: return generic::make_error_condition(generic::invalid_argument);
      case errc::out_of_range: return generic::make_error_condition(generic::result_out_of_range);
      case errc::buffer_shared: return generic::make_error_condition(generic::device_or_resource_busy);
    }
    return {value, *this};
  }
};

}  // namespace

const error_category& base_category() noexcept {
  static const category instance;
  return instance;
}

}  // namespace parley::base
