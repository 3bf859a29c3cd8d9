#include "runtime/actor/pending_call.hpp"

#include "runtime/actor/caf_error.hpp"

#include <caf/detail/behavior_impl.hpp>
#include <caf/make_counted.hpp>

namespace bpci {

namespace {

class response final : public caf::detail::behavior_impl {
public:
  explicit response(std::shared_ptr<pending_call> call) : call_(std::move(call)) {}

  using behavior_impl::invoke;

  caf::match_case::result invoke(caf::detail::invoke_result_visitor& then,
                                 caf::type_erased_tuple& x) override {
    if (x.match_elements<caf::error>())
      call_->fail(from_caf(x.get_as<caf::error>(0)));
    else if (!call_->answer(x))
      return caf::match_case::no_match; // CAF comes again, with an error that says so
    then(caf::unit);
    return caf::match_case::match;
  }

private:
  std::shared_ptr<pending_call> call_;
};

} // namespace

caf::behavior answered_by(std::shared_ptr<pending_call> call) {
  caf::behavior out;
  out.assign(caf::behavior::impl_ptr{caf::make_counted<response>(std::move(call))});
  return out;
}

} // namespace bpci
