"""The stack's template, transformed as CloudFormation does it and resolved to plain values."""

import copy
import re
from pathlib import Path
from typing import Any

from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "protected-api" / "template.yaml"
STACK_NAME = "sesame"
REGION = "eu-central-1"
ACCOUNT = "123456789012"
PSEUDO = {
    "AWS::AccountId": ACCOUNT,
    "AWS::Partition": "aws",
    "AWS::Region": REGION,
    "AWS::StackName": STACK_NAME,
}
# What `!Ref AWS::NoValue` leaves behind until the property that it stands for is dropped.
NO_VALUE = object()


class _NoManagedPolicies:
    """Stands for the call to IAM that the transform makes for policies named in a template."""

    def load(self) -> dict[str, str]:
        return {}


def transformed(bucket: str = "artifacts", path: Path = ROOT / "template.yaml") -> dict[str, Any]:
    """A template without its SAM parts, its code being S3 objects named like the binaries."""
    sam = yaml_parse(path.read_text())
    functions = [r for r in sam["Resources"].values() if r["Type"] == "AWS::Serverless::Function"]
    for function in functions:
        if "CodeUri" in function["Properties"]:
            binary = function["Metadata"]["BuildProperties"]["Binary"]
            function["Properties"]["CodeUri"] = {"Bucket": bucket, "Key": f"{binary}.zip"}
    result: dict[str, Any] = transform(sam, {}, _NoManagedPolicies())
    return result


def defaults(template: dict[str, Any]) -> dict[str, str]:
    return {name: str(p["Default"]) for name, p in template["Parameters"].items()}


class Stack:
    """A stack that was made of the template with these parameters, the others by default."""

    def __init__(self, **parameters: str) -> None:
        self.template = transformed()
        known = self.template["Parameters"]
        if strange := parameters.keys() - known.keys():
            raise KeyError(f"the template has no parameters {sorted(strange)}")
        self.parameters: dict[str, Any] = {}
        for name, value in (defaults(self.template) | parameters).items():
            is_list = known[name]["Type"] == "CommaDelimitedList"
            self.parameters[name] = value.split(",") if is_list else value
        self.resources: dict[str, dict[str, Any]] = self._resolve(
            copy.deepcopy(self.template["Resources"])
        )
        self.outputs: dict[str, str] = {
            name: self._resolve(output["Value"])
            for name, output in self.template["Outputs"].items()
        }

    def of_type(self, kind: str) -> dict[str, dict[str, Any]]:
        """The properties of all resources of a type, by their logical ids."""
        return {
            name: r.get("Properties", {}) for name, r in self.resources.items() if r["Type"] == kind
        }

    def the(self, kind: str) -> dict[str, Any]:
        """The properties of the one resource of a type."""
        (properties,) = self.of_type(kind).values()
        return properties

    def properties(self, name: str) -> dict[str, Any]:
        """The properties of the resource with that logical id."""
        properties: dict[str, Any] = self.resources[name]["Properties"]
        return properties

    def ref(self, name: str) -> Any:
        if name == "AWS::NoValue":
            return NO_VALUE
        if name in PSEUDO:
            return PSEUDO[name]
        if name in self.parameters:
            return self.parameters[name]
        resource = self.template["Resources"][name]
        if resource["Type"] == "AWS::Logs::LogGroup":
            return self._resolve(resource["Properties"]["LogGroupName"])
        if resource["Type"] == "AWS::ApiGatewayV2::Api":
            return name.lower()
        return f"{STACK_NAME}-{name}"

    def get_att(self, name: str, attribute: str) -> str:
        kind = self.template["Resources"][name]["Type"]
        ref = self.ref(name)
        arn = {
            "AWS::DynamoDB::Table": f"dynamodb:{REGION}:{ACCOUNT}:table/{ref}",
            "AWS::IAM::Role": f"iam::{ACCOUNT}:role/{ref}",
            "AWS::Lambda::Function": f"lambda:{REGION}:{ACCOUNT}:function:{ref}",
            # That of a log group ends so: it stands for the streams within.
            "AWS::Logs::LogGroup": f"logs:{REGION}:{ACCOUNT}:log-group:{ref}:*",
        }
        match kind, attribute:
            case "AWS::ApiGatewayV2::Api", "ApiEndpoint":
                return f"https://{ref}.execute-api.{REGION}.amazonaws.com"
            case "AWS::SecretsManager::Secret", "Id":
                return f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{ref}"
            case _, "Arn":
                return f"arn:aws:{arn[kind]}"
            case _:
                raise NotImplementedError(f"{attribute} of {kind}")

    def _condition(self, name: str) -> bool:
        return self._resolve(self.template["Conditions"][name]) is True

    def _resolve(self, value: Any) -> Any:
        if isinstance(value, list):
            found = [self._resolve(v) for v in value]
            return [v for v in found if v is not NO_VALUE]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            ((name, argument),) = value.items()
            if name == "Ref" or name.startswith("Fn::"):
                return self._call(name, argument)
        resolved = {k: self._resolve(v) for k, v in value.items()}
        return {k: v for k, v in resolved.items() if v is not NO_VALUE}

    def _call(self, name: str, argument: Any) -> Any:
        match name:
            case "Ref":
                return self.ref(argument)
            case "Fn::GetAtt":
                return self.get_att(*argument)
            case "Fn::If":
                condition, then, otherwise = argument
                return self._resolve(then if self._condition(condition) else otherwise)
            case "Fn::Equals":
                left, right = self._resolve(argument)
                return left == right
            case "Fn::Not":
                return not self._resolve(argument[0])
            case "Fn::Join":
                separator, parts = argument
                return separator.join(self._resolve(parts))
            case "Fn::Select":
                index, parts = self._resolve(argument)
                return parts[index]
            case "Fn::Split":
                separator, text = self._resolve(argument)
                return text.split(separator)
            case "Fn::Sub":
                text, own = (argument, {}) if isinstance(argument, str) else argument
                values = self._resolve(own)
                return re.sub(
                    r"\$\{([^}]+)\}",
                    lambda match: str(values.get(match[1]) or self._substitute(match[1])),
                    text,
                )
            case _:
                raise NotImplementedError(name)

    def _substitute(self, name: str) -> str:
        resource, _, attribute = name.partition(".")
        return self.get_att(resource, attribute) if attribute else str(self.ref(name))
