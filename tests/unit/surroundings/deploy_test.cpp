#define CAF_SUITE deploy_files

#include "config/all_keys.hpp"
#include "config/load.hpp"
#include "gateways/routes/routes.hpp"

#include <caf/test/unit_test.hpp>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <sstream>

/// What the files of deploy/ can be checked for without running them.
using namespace bpci;

namespace {

std::string text_of(const char* path) {
  std::ifstream in{path};
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

/// The objects of the manifest, by kind; a kind that is there twice keeps its first.
std::map<std::string, YAML::Node> manifest() {
  std::map<std::string, YAML::Node> out;
  for (const auto& x : YAML::LoadAllFromFile("deploy/kubernetes/oracle-node.yaml"))
    out.emplace(x["kind"].as<std::string>(), x);
  return out;
}

YAML::Node pod() {
  return manifest().at("StatefulSet")["spec"]["template"]["spec"];
}

bool is_route(const std::string& path) {
  std::vector<http::route_info> infos;
  for (const auto& x : gateway::health_routes())
    infos.push_back(x.info);
  http::request what;
  what.method = "GET";
  what.path = path;
  return http::route_tree{infos}.find(what).what == http::routed::outcome::found;
}

bool is_key(const std::string& name) {
  const auto& all = config::all_keys();
  return std::ranges::find(all, name) != all.end();
}

} // namespace

CAF_TEST(the configuration of the manifest is valid and has no line without an effect) {
  const auto text = manifest().at("ConfigMap")["data"]["oracle-config.yaml"].as<std::string>();
  const auto got = config::load_text(text, "oracle-config.yaml");
  for (const auto* list : {&got.problems, &got.warnings})
    CAF_CHECK_EQUAL(list->empty() ? "" : to_string(list->front()), "");
}

CAF_TEST(the manifest starts the node with options and keys that it has) {
  const auto args = pod()["containers"][0]["args"].as<std::vector<std::string>>();
  CAF_REQUIRE(args.size() > 3);
  CAF_CHECK_EQUAL(args[0] + ' ' + args[1] + ' ' + args[2],
                  "bpi-oracle-node --config /etc/bpci/oracle-config.yaml");
  for (std::size_t i = 3; i + 1 < args.size(); i += 2) {
    CAF_CHECK_EQUAL(args[i], "--set");
    const auto key = args[i + 1].substr(0, args[i + 1].find('='));
    CAF_CHECK_EQUAL(key + (is_key(key) ? "" : " is no key"), key);
  }
}

CAF_TEST(the probes ask for paths that the node answers on a port that it opens) {
  const auto container = pod()["containers"][0];
  std::vector<std::string> ports;
  for (const auto& x : container["ports"])
    ports.push_back(x["name"].as<std::string>());
  for (const auto* probe : {"livenessProbe", "readinessProbe", "startupProbe"}) {
    const auto asked = container[probe]["httpGet"];
    CAF_CHECK(is_route(asked["path"].as<std::string>()));
    CAF_CHECK(std::ranges::find(ports, asked["port"].as<std::string>()) != ports.end());
  }
}

CAF_TEST(the node runs without rights that it does not need) {
  CAF_CHECK(pod()["securityContext"]["runAsNonRoot"].as<bool>());
  const auto rights = pod()["containers"][0]["securityContext"];
  CAF_CHECK(!rights["allowPrivilegeEscalation"].as<bool>());
  CAF_CHECK_EQUAL(rights["capabilities"]["drop"][0].as<std::string>(), "ALL");
}

CAF_TEST(every volume that is mounted is there) {
  std::vector<std::string> volumes;
  for (const auto& x : pod()["volumes"])
    volumes.push_back(x["name"].as<std::string>());
  for (const auto& x : manifest().at("StatefulSet")["spec"]["volumeClaimTemplates"])
    volumes.push_back(x["metadata"]["name"].as<std::string>());
  for (const auto& mounted : pod()["containers"][0]["volumeMounts"])
    CAF_CHECK(std::ranges::find(volumes, mounted["name"].as<std::string>()) != volumes.end());
}

CAF_TEST(the image builds with the packages of dev and runs as nobody of importance) {
  const auto docker = text_of("deploy/docker/Dockerfile");
  const auto dev = text_of("dev");
  std::istringstream words{docker.substr(0, docker.find("rm -rf"))};
  for (std::string word; words >> word;)
    if (word.ends_with("-dev"))
      CAF_CHECK_EQUAL(word + (dev.find(word) == std::string::npos ? " is not in dev" : ""), word);
  CAF_CHECK(docker.find("\nUSER bpci\n") != std::string::npos);
  CAF_CHECK(docker.find("\nEXPOSE 8080 9100 9101\n") != std::string::npos);
  CAF_CHECK(docker.find("CMD [\"bpi-oracle-node\", \"--config\", "
                        "\"/etc/bpci/oracle-config.yaml\"]")
            != std::string::npos);
  CAF_CHECK(docker.find("http://127.0.0.1:8080/health ") != std::string::npos);
  CAF_CHECK(is_route("/health"));
}

CAF_TEST(the unit of systemd starts a node and knows what its exit codes mean) {
  const auto unit = text_of("deploy/systemd/bpci.service");
  for (const auto* line :
       {"ExecStart=/usr/bin/bpci server start --config /etc/bpci/node.yaml", "Restart=on-failure",
        "RestartPreventExitStatus=2", "ExecReload=/bin/kill -HUP $MAINPID", "LimitNOFILE=65536"})
    CAF_CHECK(unit.find(std::string{'\n'} + line + '\n') != std::string::npos);
}

CAF_TEST(the template of the index describes every member of a line) {
  const auto all = YAML::LoadFile("deploy/elasticsearch/index-template.json");
  const auto members = all["template"]["mappings"]["properties"];
  for (const auto* name :
       {"timestamp", "level", "event", "correlation_id", "context", "node", "sequence"})
    CAF_CHECK(members[name].IsDefined());
}
