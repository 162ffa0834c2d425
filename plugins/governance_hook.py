"""The AWS hook of the pipelines: sessions of an Airflow connection whose clients use the endpoints it names.

The Amazon provider has hooks for single services; what observes an organization needs many, most of which
have none (config, organizations, controltower, servicecatalog). Imported by tasks when they run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook

if TYPE_CHECKING:
    import boto3


class OrganizationHook(AwsBaseHook):
    """Clients of any service, of the hub and, with credentials of a role, of member accounts.

    Everything about the connection is the provider's: credentials, roles to assume, proxies, endpoints. An
    `endpoint_url` of the connection does not count for STS; `service_config.sts.endpoint_url` does.
    https://airflow.apache.org/docs/apache-airflow-providers-amazon/stable/connections/aws.html
    """

    hook_name = "AWS organization"

    def __init__(
        self, *, aws_conn_id: str = AwsBaseHook.default_conn_name, region_name: str | None = None
    ) -> None:
        super().__init__(aws_conn_id=aws_conn_id, region_name=region_name)

    def session(self) -> boto3.Session:
        """Return one session; each of its clients talks to the endpoint that the connection names."""
        session = self.get_session(region_name=self.region_name)
        plain_client = session.client

        def client(service_name: str, *args: Any, **kwargs: Any) -> Any:
            endpoint = self.conn_config.get_service_endpoint_url(service_name)
            if endpoint and not kwargs.get("endpoint_url"):
                kwargs["endpoint_url"] = endpoint
            return plain_client(service_name, *args, **kwargs)

        # a second Session around the same botocore session would register its handlers twice
        session.client = client  # type: ignore[method-assign]
        return session
