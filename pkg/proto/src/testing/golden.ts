/**
 * Every file of the API with its options, every message and field, enum and value, service and method, as published up
 * to version 2.13 of the Remote Execution API. Nothing else may be in proto/, and nothing may be missing: google.api
 * annotations, which only a gateway reads, and google.longrunning.operation_info are left out of both.
 *
 * A line belongs to the last line above it that is indented less. Types of the same package go without its name.
 */
export const golden: string = String.raw`
build/bazel/remote/asset/v1/remote_asset.proto
 package build.bazel.remote.asset.v1
 import build/bazel/remote/execution/v2/remote_execution.proto
 import google/protobuf/duration.proto
 import google/protobuf/timestamp.proto
 import google/rpc/status.proto
 option java_package=build.bazel.remote.asset.v1
 option java_outer_classname=RemoteAssetProto
 option java_multiple_files=true
 option go_package=github.com/bazelbuild/remote-apis/build/bazel/remote/asset/v1;remoteasset
 option csharp_namespace=Build.Bazel.Remote.Asset.v1
 option objc_class_prefix=RA
 service Fetch
  FetchBlob FetchBlobRequest -> FetchBlobResponse
  FetchDirectory FetchDirectoryRequest -> FetchDirectoryResponse
 service Push
  PushBlob PushBlobRequest -> PushBlobResponse
  PushDirectory PushDirectoryRequest -> PushDirectoryResponse
 message Qualifier
  1 name string
  2 value string
 message FetchBlobRequest
  1 instance_name string
  2 timeout google.protobuf.Duration
  3 oldest_content_accepted google.protobuf.Timestamp
  4 uris repeated string
  5 qualifiers repeated Qualifier
  6 digest_function build.bazel.remote.execution.v2.DigestFunction.Value
 message FetchBlobResponse
  1 status google.rpc.Status
  2 uri string
  3 qualifiers repeated Qualifier
  4 expires_at google.protobuf.Timestamp
  5 blob_digest build.bazel.remote.execution.v2.Digest
  6 digest_function build.bazel.remote.execution.v2.DigestFunction.Value
 message FetchDirectoryRequest
  1 instance_name string
  2 timeout google.protobuf.Duration
  3 oldest_content_accepted google.protobuf.Timestamp
  4 uris repeated string
  5 qualifiers repeated Qualifier
  6 digest_function build.bazel.remote.execution.v2.DigestFunction.Value
 message FetchDirectoryResponse
  1 status google.rpc.Status
  2 uri string
  3 qualifiers repeated Qualifier
  4 expires_at google.protobuf.Timestamp
  5 root_directory_digest build.bazel.remote.execution.v2.Digest
  6 digest_function build.bazel.remote.execution.v2.DigestFunction.Value
 message PushBlobRequest
  1 instance_name string
  2 uris repeated string
  3 qualifiers repeated Qualifier
  4 expire_at google.protobuf.Timestamp
  5 blob_digest build.bazel.remote.execution.v2.Digest
  6 references_blobs repeated build.bazel.remote.execution.v2.Digest
  7 references_directories repeated build.bazel.remote.execution.v2.Digest
  8 digest_function build.bazel.remote.execution.v2.DigestFunction.Value
 message PushBlobResponse
 message PushDirectoryRequest
  1 instance_name string
  2 uris repeated string
  3 qualifiers repeated Qualifier
  4 expire_at google.protobuf.Timestamp
  5 root_directory_digest build.bazel.remote.execution.v2.Digest
  6 references_blobs repeated build.bazel.remote.execution.v2.Digest
  7 references_directories repeated build.bazel.remote.execution.v2.Digest
  8 digest_function build.bazel.remote.execution.v2.DigestFunction.Value
 message PushDirectoryResponse
build/bazel/remote/execution/v2/remote_execution.proto
 package build.bazel.remote.execution.v2
 import build/bazel/semver/semver.proto
 import google/longrunning/operations.proto
 import google/protobuf/any.proto
 import google/protobuf/duration.proto
 import google/protobuf/timestamp.proto
 import google/protobuf/wrappers.proto
 import google/rpc/status.proto
 option java_package=build.bazel.remote.execution.v2
 option java_outer_classname=RemoteExecutionProto
 option java_multiple_files=true
 option go_package=github.com/bazelbuild/remote-apis/build/bazel/remote/execution/v2;remoteexecution
 option csharp_namespace=Build.Bazel.Remote.Execution.V2
 option objc_class_prefix=REX
 service Execution
  Execute ExecuteRequest -> stream google.longrunning.Operation
  WaitExecution WaitExecutionRequest -> stream google.longrunning.Operation
 service ActionCache
  GetActionResult GetActionResultRequest -> ActionResult
  UpdateActionResult UpdateActionResultRequest -> ActionResult
 service ContentAddressableStorage
  FindMissingBlobs FindMissingBlobsRequest -> FindMissingBlobsResponse
  BatchUpdateBlobs BatchUpdateBlobsRequest -> BatchUpdateBlobsResponse
  BatchReadBlobs BatchReadBlobsRequest -> BatchReadBlobsResponse
  GetTree GetTreeRequest -> stream GetTreeResponse
  SplitBlob SplitBlobRequest -> SplitBlobResponse
  SpliceBlob SpliceBlobRequest -> SpliceBlobResponse
  GetChunkMapping GetChunkMappingRequest -> stream GetChunkMappingResponse
  RegisterChunkMapping stream RegisterChunkMappingRequest -> RegisterChunkMappingResponse
 service Capabilities
  GetCapabilities GetCapabilitiesRequest -> ServerCapabilities
 message Action
  reserved 3-5
  reserved 8
  1 command_digest Digest
  2 input_root_digest Digest
  6 timeout google.protobuf.Duration
  7 do_not_cache bool
  9 salt bytes
  10 platform Platform
 message Command
  1 arguments repeated string
  2 environment_variables repeated Command.EnvironmentVariable
  3 output_files repeated string [deprecated]
  4 output_directories repeated string [deprecated]
  5 platform Platform [deprecated]
  6 working_directory string
  7 output_paths repeated string
  8 output_node_properties repeated string
  9 output_directory_format Command.OutputDirectoryFormat
 enum Command.OutputDirectoryFormat
  0 TREE_ONLY
  1 DIRECTORY_ONLY
  2 TREE_AND_DIRECTORY
 message Command.EnvironmentVariable
  1 name string
  2 value string
 message Platform
  1 properties repeated Platform.Property
 message Platform.Property
  1 name string
  2 value string
 message Directory
  reserved 4
  1 files repeated FileNode
  2 directories repeated DirectoryNode
  3 symlinks repeated SymlinkNode
  5 node_properties NodeProperties
 message NodeProperty
  1 name string
  2 value string
 message NodeProperties
  1 properties repeated NodeProperty
  2 mtime google.protobuf.Timestamp
  3 unix_mode google.protobuf.UInt32Value
 message FileNode
  reserved 3
  reserved 5
  1 name string
  2 digest Digest
  4 is_executable bool
  6 node_properties NodeProperties
 message DirectoryNode
  1 name string
  2 digest Digest
 message SymlinkNode
  reserved 3
  1 name string
  2 target string
  4 node_properties NodeProperties
 message Digest
  1 hash string
  2 size_bytes int64
 message ExecutedActionMetadata
  1 worker string
  2 queued_timestamp google.protobuf.Timestamp
  3 worker_start_timestamp google.protobuf.Timestamp
  4 worker_completed_timestamp google.protobuf.Timestamp
  5 input_fetch_start_timestamp google.protobuf.Timestamp
  6 input_fetch_completed_timestamp google.protobuf.Timestamp
  7 execution_start_timestamp google.protobuf.Timestamp
  8 execution_completed_timestamp google.protobuf.Timestamp
  9 output_upload_start_timestamp google.protobuf.Timestamp
  10 output_upload_completed_timestamp google.protobuf.Timestamp
  11 auxiliary_metadata repeated google.protobuf.Any
  12 virtual_execution_duration google.protobuf.Duration
 message ActionResult
  reserved 1
  2 output_files repeated OutputFile
  3 output_directories repeated OutputDirectory
  4 exit_code int32
  5 stdout_raw bytes
  6 stdout_digest Digest
  7 stderr_raw bytes
  8 stderr_digest Digest
  9 execution_metadata ExecutedActionMetadata
  10 output_file_symlinks repeated OutputSymlink [deprecated]
  11 output_directory_symlinks repeated OutputSymlink [deprecated]
  12 output_symlinks repeated OutputSymlink
 message OutputFile
  reserved 3
  reserved 6
  1 path string
  2 digest Digest
  4 is_executable bool
  5 contents bytes
  7 node_properties NodeProperties
 message Tree
  1 root Directory
  2 children repeated Directory
 message OutputDirectory
  reserved 2
  1 path string
  3 tree_digest Digest
  4 is_topologically_sorted bool
  5 root_directory_digest Digest
 message OutputSymlink
  reserved 3
  1 path string
  2 target string
  4 node_properties NodeProperties
 message ExecutionPolicy
  1 priority int32
 message ResultsCachePolicy
  1 priority int32
 message ExecuteRequest
  reserved 2
  reserved 4
  reserved 5
  1 instance_name string
  3 skip_cache_lookup bool
  6 action_digest Digest
  7 execution_policy ExecutionPolicy
  8 results_cache_policy ResultsCachePolicy
  9 digest_function DigestFunction.Value
  10 inline_stdout bool
  11 inline_stderr bool
  12 inline_output_files repeated string
 message LogFile
  1 digest Digest
  2 human_readable bool
 message ExecuteResponse
  1 result ActionResult
  2 cached_result bool
  3 status google.rpc.Status
  4 server_logs map<string, LogFile>
  5 message string
 message ExecutionStage
 enum ExecutionStage.Value
  0 UNKNOWN
  1 CACHE_CHECK
  2 QUEUED
  3 EXECUTING
  4 COMPLETED
 message ExecuteOperationMetadata
  1 stage ExecutionStage.Value
  2 action_digest Digest
  3 stdout_stream_name string
  4 stderr_stream_name string
  5 partial_execution_metadata ExecutedActionMetadata
  6 digest_function DigestFunction.Value
 message WaitExecutionRequest
  1 name string
 message GetActionResultRequest
  1 instance_name string
  2 action_digest Digest
  3 inline_stdout bool
  4 inline_stderr bool
  5 inline_output_files repeated string
  6 digest_function DigestFunction.Value
 message UpdateActionResultRequest
  1 instance_name string
  2 action_digest Digest
  3 action_result ActionResult
  4 results_cache_policy ResultsCachePolicy
  5 digest_function DigestFunction.Value
 message FindMissingBlobsRequest
  1 instance_name string
  2 blob_digests repeated Digest
  3 digest_function DigestFunction.Value
 message FindMissingBlobsResponse
  2 missing_blob_digests repeated Digest
 message BatchUpdateBlobsRequest
  1 instance_name string
  2 requests repeated BatchUpdateBlobsRequest.Request
  5 digest_function DigestFunction.Value
 message BatchUpdateBlobsRequest.Request
  1 digest Digest
  2 data bytes
  3 compressor Compressor.Value
 message BatchUpdateBlobsResponse
  1 responses repeated BatchUpdateBlobsResponse.Response
 message BatchUpdateBlobsResponse.Response
  1 digest Digest
  2 status google.rpc.Status
 message BatchReadBlobsRequest
  1 instance_name string
  2 digests repeated Digest
  3 acceptable_compressors repeated Compressor.Value
  4 digest_function DigestFunction.Value
 message BatchReadBlobsResponse
  1 responses repeated BatchReadBlobsResponse.Response
 message BatchReadBlobsResponse.Response
  1 digest Digest
  2 data bytes
  3 status google.rpc.Status
  4 compressor Compressor.Value
 message GetTreeRequest
  1 instance_name string
  2 root_digest Digest
  3 page_size int32
  4 page_token string
  5 digest_function DigestFunction.Value
 message GetTreeResponse
  1 directories repeated Directory
  2 next_page_token string
 message SplitBlobRequest
  1 instance_name string
  2 blob_digest Digest
  3 digest_function DigestFunction.Value
  4 chunking_function ChunkingFunction.Value
 message SplitBlobResponse
  1 chunk_digests repeated Digest
  2 chunking_function ChunkingFunction.Value
 message SpliceBlobRequest
  1 instance_name string
  2 blob_digest Digest
  3 chunk_digests repeated Digest
  4 digest_function DigestFunction.Value
  5 chunking_function ChunkingFunction.Value
 message SpliceBlobResponse
  1 blob_digest Digest
 message GetChunkMappingRequest
  1 instance_name string
  2 blob_digest Digest
  3 digest_function DigestFunction.Value
  4 chunking_function ChunkingFunction.Value
 message GetChunkMappingResponse
  1 chunk_digests repeated Digest
  2 chunking_function ChunkingFunction.Value
 message RegisterChunkMappingRequest
  1 instance_name string
  2 blob_digest Digest
  3 chunk_digests repeated Digest
  4 digest_function DigestFunction.Value
  5 chunking_function ChunkingFunction.Value
 message RegisterChunkMappingResponse
  1 blob_digest Digest
 message GetCapabilitiesRequest
  1 instance_name string
 message ServerCapabilities
  1 cache_capabilities CacheCapabilities
  2 execution_capabilities ExecutionCapabilities
  3 deprecated_api_version build.bazel.semver.SemVer
  4 low_api_version build.bazel.semver.SemVer
  5 high_api_version build.bazel.semver.SemVer
 message DigestFunction
 enum DigestFunction.Value
  0 UNKNOWN
  1 SHA256
  2 SHA1
  3 MD5
  4 VSO
  5 SHA384
  6 SHA512
  7 MURMUR3
  8 SHA256TREE
  9 BLAKE3
  10 GITSHA1
 message ChunkingFunction
 enum ChunkingFunction.Value
  0 UNKNOWN
  1 FAST_CDC_2020
  2 REP_MAX_CDC
 message ActionCacheUpdateCapabilities
  1 update_enabled bool
 message PriorityCapabilities
  1 priorities repeated PriorityCapabilities.PriorityRange
 message PriorityCapabilities.PriorityRange
  1 min_priority int32
  2 max_priority int32
 message SymlinkAbsolutePathStrategy
 enum SymlinkAbsolutePathStrategy.Value
  0 UNKNOWN
  1 DISALLOWED
  2 ALLOWED
 message Compressor
 enum Compressor.Value
  0 IDENTITY
  1 ZSTD
  2 DEFLATE
  3 BROTLI
 message CacheCapabilities
  1 digest_functions repeated DigestFunction.Value
  2 action_cache_update_capabilities ActionCacheUpdateCapabilities
  3 cache_priority_capabilities PriorityCapabilities
  4 max_batch_total_size_bytes int64
  5 symlink_absolute_path_strategy SymlinkAbsolutePathStrategy.Value
  6 supported_compressors repeated Compressor.Value
  7 supported_batch_update_compressors repeated Compressor.Value
  8 max_cas_blob_size_bytes int64
  9 split_blob_support bool
  10 splice_blob_support bool
  11 fast_cdc_2020_params FastCdc2020Params
  12 rep_max_cdc_params RepMaxCdcParams
 message FastCdc2020Params
  1 avg_chunk_size_bytes uint64
  2 seed uint32
 message RepMaxCdcParams
  1 min_chunk_size_bytes uint64
  2 horizon_size_bytes uint64
 message ExecutionCapabilities
  1 digest_function DigestFunction.Value
  2 exec_enabled bool
  3 execution_priority_capabilities PriorityCapabilities
  4 supported_node_properties repeated string
  5 digest_functions repeated DigestFunction.Value
 message ToolDetails
  1 tool_name string
  2 tool_version string
 message RequestMetadata
  1 tool_details ToolDetails
  2 action_id string
  3 tool_invocation_id string
  4 correlated_invocations_id string
  5 action_mnemonic string
  6 target_id string
  7 configuration_id string
build/bazel/remote/logstream/v1/remote_logstream.proto
 package build.bazel.remote.logstream.v1
 option java_package=build.bazel.remote.logstream.v1
 option java_outer_classname=RemoteLogStreamProto
 option java_multiple_files=true
 option go_package=github.com/bazelbuild/remote-apis/build/bazel/remote/logstream/v1;remotelogstream
 option csharp_namespace=Build.Bazel.Remote.LogStream.v1
 option objc_class_prefix=RL
 service LogStreamService
  CreateLogStream CreateLogStreamRequest -> LogStream
 message CreateLogStreamRequest
  1 parent string
 message LogStream
  1 name string
  2 write_resource_name string
build/bazel/semver/semver.proto
 package build.bazel.semver
 option java_package=build.bazel.semver
 option java_outer_classname=SemverProto
 option java_multiple_files=true
 option go_package=github.com/bazelbuild/remote-apis/build/bazel/semver
 option csharp_namespace=Build.Bazel.Semver
 option objc_class_prefix=SMV
 message SemVer
  1 major int32
  2 minor int32
  3 patch int32
  4 prerelease string
google/bytestream/bytestream.proto
 package google.bytestream
 option java_package=com.google.bytestream
 option java_outer_classname=ByteStreamProto
 option go_package=google.golang.org/genproto/googleapis/bytestream;bytestream
 service ByteStream
  Read ReadRequest -> stream ReadResponse
  Write stream WriteRequest -> WriteResponse
  QueryWriteStatus QueryWriteStatusRequest -> QueryWriteStatusResponse
 message ReadRequest
  1 resource_name string
  2 read_offset int64
  3 read_limit int64
 message ReadResponse
  10 data bytes
 message WriteRequest
  1 resource_name string
  2 write_offset int64
  3 finish_write bool
  10 data bytes
 message WriteResponse
  1 committed_size int64
 message QueryWriteStatusRequest
  1 resource_name string
 message QueryWriteStatusResponse
  1 committed_size int64
  2 complete bool
google/devtools/build/v1/build_events.proto
 package google.devtools.build.v1
 import google/devtools/build/v1/build_status.proto
 import google/protobuf/any.proto
 import google/protobuf/timestamp.proto
 option java_package=com.google.devtools.build.v1
 option java_outer_classname=BuildEventProto
 option java_multiple_files=true
 option go_package=google.golang.org/genproto/googleapis/devtools/build/v1;build
 option cc_enable_arenas=true
 option php_namespace=Google\Cloud\Build\V1
 message BuildEvent
  1 event_time google.protobuf.Timestamp
  51 invocation_attempt_started BuildEvent.InvocationAttemptStarted [oneof event]
  52 invocation_attempt_finished BuildEvent.InvocationAttemptFinished [oneof event]
  53 build_enqueued BuildEvent.BuildEnqueued [oneof event]
  55 build_finished BuildEvent.BuildFinished [oneof event]
  56 console_output BuildEvent.ConsoleOutput [oneof event]
  59 component_stream_finished BuildEvent.BuildComponentStreamFinished [oneof event]
  60 bazel_event google.protobuf.Any [oneof event]
  61 build_execution_event google.protobuf.Any [oneof event]
  62 source_fetch_event google.protobuf.Any [oneof event]
 message BuildEvent.InvocationAttemptStarted
  1 attempt_number int64
  2 details google.protobuf.Any
 message BuildEvent.InvocationAttemptFinished
  3 invocation_status BuildStatus
  4 details google.protobuf.Any
 message BuildEvent.BuildEnqueued
  1 details google.protobuf.Any
 message BuildEvent.BuildFinished
  1 status BuildStatus
  2 details google.protobuf.Any
 message BuildEvent.ConsoleOutput
  1 type ConsoleOutputStream
  2 text_output string [oneof output]
  3 binary_output bytes [oneof output]
 message BuildEvent.BuildComponentStreamFinished
  1 type BuildEvent.BuildComponentStreamFinished.FinishType
 enum BuildEvent.BuildComponentStreamFinished.FinishType
  0 FINISH_TYPE_UNSPECIFIED
  1 FINISHED
  2 EXPIRED
 message StreamId
  1 build_id string
  3 component StreamId.BuildComponent
  6 invocation_id string
 enum StreamId.BuildComponent
  0 UNKNOWN_COMPONENT
  1 CONTROLLER
  2 WORKER
  3 TOOL
 enum ConsoleOutputStream
  0 UNKNOWN
  1 STDOUT
  2 STDERR
google/devtools/build/v1/build_status.proto
 package google.devtools.build.v1
 import google/protobuf/any.proto
 import google/protobuf/wrappers.proto
 option java_package=com.google.devtools.build.v1
 option java_outer_classname=BuildStatusProto
 option java_multiple_files=true
 option go_package=google.golang.org/genproto/googleapis/devtools/build/v1;build
 option cc_enable_arenas=true
 option php_namespace=Google\Cloud\Build\V1
 message BuildStatus
  1 result BuildStatus.Result
  2 details google.protobuf.Any
  3 final_invocation_id string
  4 build_tool_exit_code google.protobuf.Int32Value
  5 error_message string
 enum BuildStatus.Result
  0 UNKNOWN_STATUS
  1 COMMAND_SUCCEEDED
  2 COMMAND_FAILED
  3 USER_ERROR
  4 SYSTEM_ERROR
  5 RESOURCE_EXHAUSTED
  6 INVOCATION_DEADLINE_EXCEEDED
  8 REQUEST_DEADLINE_EXCEEDED
  7 CANCELLED
google/devtools/build/v1/publish_build_event.proto
 package google.devtools.build.v1
 import google/devtools/build/v1/build_events.proto
 import google/protobuf/duration.proto
 import google/protobuf/empty.proto
 option java_package=com.google.devtools.build.v1
 option java_outer_classname=BackendProto
 option java_multiple_files=true
 option go_package=google.golang.org/genproto/googleapis/devtools/build/v1;build
 option cc_enable_arenas=true
 option php_namespace=Google\Cloud\Build\V1
 service PublishBuildEvent
  PublishLifecycleEvent PublishLifecycleEventRequest -> google.protobuf.Empty
  PublishBuildToolEventStream stream PublishBuildToolEventStreamRequest -> stream PublishBuildToolEventStreamResponse
 message PublishLifecycleEventRequest
  1 service_level PublishLifecycleEventRequest.ServiceLevel
  2 build_event OrderedBuildEvent
  3 stream_timeout google.protobuf.Duration
  4 notification_keywords repeated string
  6 project_id string
  7 check_preceding_lifecycle_events_present bool
 enum PublishLifecycleEventRequest.ServiceLevel
  0 NONINTERACTIVE
  1 INTERACTIVE
 message PublishBuildToolEventStreamResponse
  1 stream_id StreamId
  2 sequence_number int64
 message OrderedBuildEvent
  1 stream_id StreamId
  2 sequence_number int64
  3 event BuildEvent
 message PublishBuildToolEventStreamRequest
  4 ordered_build_event OrderedBuildEvent
  5 notification_keywords repeated string
  6 project_id string
  7 check_preceding_lifecycle_events_present bool
google/longrunning/operations.proto
 package google.longrunning
 import google/protobuf/any.proto
 import google/protobuf/duration.proto
 import google/protobuf/empty.proto
 import google/rpc/status.proto
 option java_package=com.google.longrunning
 option java_outer_classname=OperationsProto
 option java_multiple_files=true
 option go_package=cloud.google.com/go/longrunning/autogen/longrunningpb;longrunningpb
 option csharp_namespace=Google.LongRunning
 option objc_class_prefix=GLRUN
 option php_namespace=Google\LongRunning
 service Operations
  ListOperations ListOperationsRequest -> ListOperationsResponse
  GetOperation GetOperationRequest -> Operation
  DeleteOperation DeleteOperationRequest -> google.protobuf.Empty
  CancelOperation CancelOperationRequest -> google.protobuf.Empty
  WaitOperation WaitOperationRequest -> Operation
 message Operation
  1 name string
  2 metadata google.protobuf.Any
  3 done bool
  4 error google.rpc.Status [oneof result]
  5 response google.protobuf.Any [oneof result]
 message GetOperationRequest
  1 name string
 message ListOperationsRequest
  1 filter string
  2 page_size int32
  3 page_token string
  4 name string
  5 return_partial_success bool
 message ListOperationsResponse
  1 operations repeated Operation
  2 next_page_token string
  3 unreachable repeated string
 message CancelOperationRequest
  1 name string
 message DeleteOperationRequest
  1 name string
 message WaitOperationRequest
  1 name string
  2 timeout google.protobuf.Duration
 message OperationInfo
  1 response_type string
  2 metadata_type string
google/rpc/code.proto
 package google.rpc
 option java_package=com.google.rpc
 option java_outer_classname=CodeProto
 option java_multiple_files=true
 option go_package=google.golang.org/genproto/googleapis/rpc/code;code
 option objc_class_prefix=RPC
 enum Code
  0 OK
  1 CANCELLED
  2 UNKNOWN
  3 INVALID_ARGUMENT
  4 DEADLINE_EXCEEDED
  5 NOT_FOUND
  6 ALREADY_EXISTS
  7 PERMISSION_DENIED
  16 UNAUTHENTICATED
  8 RESOURCE_EXHAUSTED
  9 FAILED_PRECONDITION
  10 ABORTED
  11 OUT_OF_RANGE
  12 UNIMPLEMENTED
  13 INTERNAL
  14 UNAVAILABLE
  15 DATA_LOSS
google/rpc/error_details.proto
 package google.rpc
 import google/protobuf/duration.proto
 option java_package=com.google.rpc
 option java_outer_classname=ErrorDetailsProto
 option java_multiple_files=true
 option go_package=google.golang.org/genproto/googleapis/rpc/errdetails;errdetails
 option objc_class_prefix=RPC
 message ErrorInfo
  1 reason string
  2 domain string
  3 metadata map<string, string>
 message RetryInfo
  1 retry_delay google.protobuf.Duration
 message DebugInfo
  1 stack_entries repeated string
  2 detail string
 message QuotaFailure
  1 violations repeated QuotaFailure.Violation
 message QuotaFailure.Violation
  1 subject string
  2 description string
  3 api_service string
  4 quota_metric string
  5 quota_id string
  6 quota_dimensions map<string, string>
  7 quota_value int64
  8 future_quota_value int64 [optional]
 message PreconditionFailure
  1 violations repeated PreconditionFailure.Violation
 message PreconditionFailure.Violation
  1 type string
  2 subject string
  3 description string
 message BadRequest
  1 field_violations repeated BadRequest.FieldViolation
 message BadRequest.FieldViolation
  1 field string
  2 description string
  3 reason string
  4 localized_message LocalizedMessage
 message RequestInfo
  1 request_id string
  2 serving_data string
 message ResourceInfo
  1 resource_type string
  2 resource_name string
  3 owner string
  4 description string
 message Help
  1 links repeated Help.Link
 message Help.Link
  1 description string
  2 url string
 message LocalizedMessage
  1 locale string
  2 message string
google/rpc/status.proto
 package google.rpc
 import google/protobuf/any.proto
 option java_package=com.google.rpc
 option java_outer_classname=StatusProto
 option java_multiple_files=true
 option go_package=google.golang.org/genproto/googleapis/rpc/status;status
 option objc_class_prefix=RPC
 message Status
  1 code int32
  2 message string
  3 details repeated google.protobuf.Any
grpc/health/v1/health.proto
 package grpc.health.v1
 option java_package=io.grpc.health.v1
 option java_outer_classname=HealthProto
 option java_multiple_files=true
 option go_package=google.golang.org/grpc/health/grpc_health_v1
 option csharp_namespace=Grpc.Health.V1
 option objc_class_prefix=GrpcHealthV1
 service Health
  Check HealthCheckRequest -> HealthCheckResponse
  List HealthListRequest -> HealthListResponse
  Watch HealthCheckRequest -> stream HealthCheckResponse
 message HealthCheckRequest
  1 service string
 message HealthCheckResponse
  1 status HealthCheckResponse.ServingStatus
 enum HealthCheckResponse.ServingStatus
  0 UNKNOWN
  1 SERVING
  2 NOT_SERVING
  3 SERVICE_UNKNOWN
 message HealthListRequest
 message HealthListResponse
  1 statuses map<string, HealthCheckResponse>
grpc/reflection/v1/reflection.proto
 package grpc.reflection.v1
 option java_package=io.grpc.reflection.v1
 option java_outer_classname=ServerReflectionProto
 option java_multiple_files=true
 option go_package=google.golang.org/grpc/reflection/grpc_reflection_v1
 service ServerReflection
  ServerReflectionInfo stream ServerReflectionRequest -> stream ServerReflectionResponse
 message ServerReflectionRequest
  1 host string
  3 file_by_filename string [oneof message_request]
  4 file_containing_symbol string [oneof message_request]
  5 file_containing_extension ExtensionRequest [oneof message_request]
  6 all_extension_numbers_of_type string [oneof message_request]
  7 list_services string [oneof message_request]
 message ExtensionRequest
  1 containing_type string
  2 extension_number int32
 message ServerReflectionResponse
  1 valid_host string
  2 original_request ServerReflectionRequest
  4 file_descriptor_response FileDescriptorResponse [oneof message_response]
  5 all_extension_numbers_response ExtensionNumberResponse [oneof message_response]
  6 list_services_response ListServiceResponse [oneof message_response]
  7 error_response ErrorResponse [oneof message_response]
 message FileDescriptorResponse
  1 file_descriptor_proto repeated bytes
 message ExtensionNumberResponse
  1 base_type_name string
  2 extension_number repeated int32
 message ListServiceResponse
  1 service repeated ServiceResponse
 message ServiceResponse
  1 name string
 message ErrorResponse
  1 error_code int32
  2 error_message string
grpc/reflection/v1alpha/reflection.proto
 package grpc.reflection.v1alpha
 option java_package=io.grpc.reflection.v1alpha
 option java_outer_classname=ServerReflectionProto
 option java_multiple_files=true
 option go_package=google.golang.org/grpc/reflection/grpc_reflection_v1alpha
 service ServerReflection
  ServerReflectionInfo stream ServerReflectionRequest -> stream ServerReflectionResponse
 message ServerReflectionRequest
  1 host string
  3 file_by_filename string [oneof message_request]
  4 file_containing_symbol string [oneof message_request]
  5 file_containing_extension ExtensionRequest [oneof message_request]
  6 all_extension_numbers_of_type string [oneof message_request]
  7 list_services string [oneof message_request]
 message ExtensionRequest
  1 containing_type string
  2 extension_number int32
 message ServerReflectionResponse
  1 valid_host string
  2 original_request ServerReflectionRequest
  4 file_descriptor_response FileDescriptorResponse [oneof message_response]
  5 all_extension_numbers_response ExtensionNumberResponse [oneof message_response]
  6 list_services_response ListServiceResponse [oneof message_response]
  7 error_response ErrorResponse [oneof message_response]
 message FileDescriptorResponse
  1 file_descriptor_proto repeated bytes
 message ExtensionNumberResponse
  1 base_type_name string
  2 extension_number repeated int32
 message ListServiceResponse
  1 service repeated ServiceResponse
 message ServiceResponse
  1 name string
 message ErrorResponse
  1 error_code int32
  2 error_message string
`;
