#define CAF_SUITE admission

#include "runtime/tunnel/admission.hpp"

#include <caf/test/unit_test.hpp>

#include <sstream>

using namespace bpci;
using namespace bpci::tunnel;

namespace {

cluster::member row(const std::string& id, std::vector<std::string> certificates) {
  cluster::member out;
  out.id = member_id{id};
  out.certificates = std::move(certificates);
  return out;
}

std::string show(const admission_effects& effects) {
  std::ostringstream out;
  struct printer {
    std::ostringstream& to;
    void operator()(const admit_link& x) const { to << "admit " << x.link << "; "; }
    void operator()(const refuse_link& x) const {
      to << "refuse " << x.link << " " << name(x.why.code) << "; ";
    }
    void operator()(const read_table&) const { to << "read; "; }
  };
  for (const auto& x : effects)
    std::visit(printer{out}, x);
  return out.str();
}

/// This node is node-2, between a lower and a higher id.
struct fixture {
  admission it{member_id{"node-2"}};

  fixture() {
    it.on_view({row("node-1", {"f1"}), row("node-2", {"f2"}), row("node-3", {"f3", "f3-new"})});
  }

  std::string accepted(link_id link, const std::string& id, const std::string& fingerprint) {
    admission_effects out;
    it.on_shaken(link, link_side::accepted, {member_id{id}, fingerprint}, out);
    return show(out);
  }

  std::string dialled(link_id link, const std::string& id, const std::string& fingerprint) {
    admission_effects out;
    it.on_shaken(link, link_side::dialled, {member_id{id}, fingerprint}, out);
    return show(out);
  }

  std::string read() {
    admission_effects out;
    it.on_read(out);
    return show(out);
  }

  std::string over(link_id link) {
    admission_effects out;
    it.on_over(link, out);
    return show(out);
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(admission_tests, fixture)

CAF_TEST(a member with a certificate of its row is admitted) {
  CAF_CHECK_EQUAL(accepted(1, "node-1", "f1"), "admit 1; ");
  CAF_CHECK_EQUAL(accepted(3, "node-3", "f3"), "admit 3; ");
  CAF_CHECK_EQUAL(accepted(5, "node-3", "f3-new"), "admit 5; ");
}

CAF_TEST(the certificate of another member is refused after the table was read) {
  CAF_CHECK_EQUAL(accepted(1, "node-1", "f3"), "read; ");
  CAF_CHECK_EQUAL(read(), "refuse 1 not_permitted; ");
}

CAF_TEST(a certificate that is newer than the view is admitted after one reading) {
  CAF_CHECK_EQUAL(accepted(1, "node-4", "f4"), "read; ");
  CAF_CHECK_EQUAL(accepted(3, "node-5", "f5"), "");
  it.on_view({row("node-4", {"f4"})});
  CAF_CHECK_EQUAL(read(), "admit 1; refuse 3 not_permitted; ");
}

CAF_TEST(a member that has ended is not let in again) {
  it.on_view({row("node-2", {"f2"})});
  CAF_CHECK_EQUAL(accepted(1, "node-1", "f1"), "read; ");
  CAF_CHECK_EQUAL(read(), "refuse 1 not_permitted; ");
}

CAF_TEST(the own certificate and one without a member are refused at once) {
  CAF_CHECK_EQUAL(accepted(1, "node-2", "f2"), "refuse 1 not_permitted; ");
  CAF_CHECK_EQUAL(accepted(3, "", "f1"), "refuse 3 not_permitted; ");
}

CAF_TEST(who is dialled must be who answers) {
  it.on_dial(2, row("node-3", {"f3"}));
  CAF_CHECK_EQUAL(dialled(2, "node-1", "f1"), "refuse 2 unavailable; ");
}

CAF_TEST(the row that a dial came with counts before the view has it) {
  it.on_dial(2, row("node-4", {"f4"}));
  CAF_CHECK_EQUAL(dialled(2, "node-4", "f4"), "admit 2; ");
}

CAF_TEST(the dial of the lower id goes first) {
  it.on_dial(2, row("node-3", {"f3"}));
  it.on_dial(4, row("node-1", {"f1"}));
  CAF_CHECK_EQUAL(accepted(1, "node-3", "f3"), "");
  CAF_CHECK_EQUAL(accepted(3, "node-1", "f1"), "admit 3; ");
  CAF_CHECK_EQUAL(over(4), "");
  CAF_CHECK_EQUAL(over(2), "admit 1; ");
}

CAF_TEST(a waiting connection that ends is forgotten) {
  it.on_dial(2, row("node-3", {"f3"}));
  CAF_CHECK_EQUAL(accepted(1, "node-3", "f3"), "");
  CAF_CHECK_EQUAL(over(1), "");
  CAF_CHECK_EQUAL(over(2), "");
  CAF_CHECK_EQUAL(accepted(3, "node-9", "f9"), "read; ");
  CAF_CHECK_EQUAL(over(3), "");
  CAF_CHECK_EQUAL(read(), "");
}

CAF_TEST_FIXTURE_SCOPE_END()
