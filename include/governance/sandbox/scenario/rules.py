"""The 40 Config rules of the scenario, 8 of them service-linked."""

from __future__ import annotations

from governance.sandbox.world import Rule

ACCOUNT = "AWS::::Account"
BUCKET = "AWS::S3::Bucket"
INSTANCE = "AWS::EC2::Instance"
VOLUME = "AWS::EC2::Volume"
GROUP = "AWS::EC2::SecurityGroup"
VPC = "AWS::EC2::VPC"
SUBNET = "AWS::EC2::Subnet"
DATABASE = "AWS::RDS::DBInstance"
FUNCTION = "AWS::Lambda::Function"
USER = "AWS::IAM::User"
POLICY = "AWS::IAM::Policy"
KEY = "AWS::KMS::Key"
LOG_GROUP = "AWS::Logs::LogGroup"
BALANCER = "AWS::ElasticLoadBalancingV2::LoadBalancer"
CLUSTER = "AWS::EKS::Cluster"
TABLE = "AWS::DynamoDB::Table"
SECRET = "AWS::SecretsManager::Secret"  # noqa: S105 (a resource type)
TOPIC = "AWS::SNS::Topic"
REPOSITORY = "AWS::ECR::Repository"
TRAIL = "AWS::CloudTrail::Trail"

GLOBAL_TYPES = (USER, POLICY)
"""Resources that belong to no region; Config evaluates them in the regions that record them."""

SECURITY_HUB = "securityhub.amazonaws.com"
ORGANIZATION_RULES = "config-multiaccountsetup.amazonaws.com"
CONFORMANCE = "config-conforms.amazonaws.com"

_MANAGED: dict[str, tuple[str, ...]] = {
    BUCKET: ("s3-bucket-public-read-prohibited", "s3-bucket-public-write-prohibited",
             "s3-bucket-server-side-encryption-enabled", "s3-bucket-ssl-requests-only",
             "s3-bucket-versioning-enabled", "s3-bucket-logging-enabled"),
    ACCOUNT: ("s3-account-level-public-access-blocks-periodic", "ec2-ebs-encryption-by-default"),
    INSTANCE: ("ec2-imdsv2-check", "ec2-instance-no-public-ip", "ec2-instance-managed-by-systems-manager"),
    VOLUME: ("encrypted-volumes",),
    GROUP: ("restricted-ssh", "vpc-default-security-group-closed"),
    VPC: ("vpc-flow-logs-enabled",),
    SUBNET: ("subnet-auto-assign-public-ip-disabled",),
    DATABASE: ("rds-storage-encrypted", "rds-instance-public-access-check", "rds-multi-az-support",
               "db-instance-backup-enabled"),
    FUNCTION: ("lambda-function-public-access-prohibited", "lambda-function-settings-check",
               "lambda-inside-vpc"),
    USER: ("iam-user-mfa-enabled", "iam-user-unused-credentials-check", "access-keys-rotated"),
    POLICY: ("iam-policy-no-statements-with-admin-access",),
    KEY: ("cmk-backing-key-rotation-enabled",),
    LOG_GROUP: ("cloudwatch-log-group-encrypted",),
    BALANCER: ("alb-http-to-https-redirection-check",),
}  # fmt: skip
_CUSTOM = (("required-tags-cost-center", (BUCKET, INSTANCE)), ("golden-ami-only", (INSTANCE,)))
_LINKED = (
    ("securityhub-eks-endpoint-no-public-access-7d20b9c1", SECURITY_HUB, CLUSTER),
    ("securityhub-dynamodb-pitr-enabled-1f9a63e2", SECURITY_HUB, TABLE),
    ("securityhub-secretsmanager-rotation-enabled-check-90be4d17", SECURITY_HUB, SECRET),
    ("securityhub-sns-encrypted-kms-c4e81f06", SECURITY_HUB, TOPIC),
    ("securityhub-ecr-private-image-scanning-enabled-b38e5a", SECURITY_HUB, REPOSITORY),
    ("OrgConfigRule-cloudtrail-enabled-m2x7k9wd", ORGANIZATION_RULES, ACCOUNT),
    ("OrgConfigRule-dynamodb-in-backup-plan-h3v8q1zt", ORGANIZATION_RULES, TABLE),
    ("cloud-trail-log-file-validation-enabled-conformance-pack-p4r7t2x9b", CONFORMANCE, TRAIL),
)


def rules() -> tuple[Rule, ...]:
    """Return the rules in a fixed order."""
    managed = [
        Rule(name, "AWS", name.upper().replace("-", "_"), (resource_type,))
        for resource_type, names in _MANAGED.items()
        for name in names
    ]
    custom = [
        Rule(name, "CUSTOM_LAMBDA", f"arn:aws:lambda:eu-central-1:100000000003:function:config-{name}", types)
        for name, types in _CUSTOM
    ]
    linked = [
        Rule(name, "AWS", _identifier(name), (resource_type,), creator)
        for name, creator, resource_type in _LINKED
    ]
    return (*managed, *custom, *linked)


def canonical_name(name: str) -> str:
    """Return the name a person uses for a service-linked rule of this scenario, other names unchanged."""
    for prefix in ("securityhub-", "OrgConfigRule-"):
        if name.startswith(prefix):
            return name.removeprefix(prefix).rsplit("-", 1)[0]
    return name.split("-conformance-pack-", maxsplit=1)[0]


def _identifier(name: str) -> str:
    return canonical_name(name).upper().replace("-", "_")
