<?php

declare(strict_types=1);

/*
 * Below /test, only with TEST_ROUTES=true: the routes of the end-to-end tests. Their names say what they do; the
 * controllers say how.
 */

use App\Http\Controllers\Testing\AuthTestController;
use App\Http\Controllers\Testing\CounterController;
use App\Http\Controllers\Testing\EndController;
use App\Http\Controllers\Testing\IsolationController;
use App\Http\Controllers\Testing\LimitController;
use App\Http\Controllers\Testing\OutputController;
use App\Http\Controllers\Testing\ServerController;
use App\Http\Middleware\ExitHere;
use Illuminate\Support\Facades\Route;

Route::any('dump', [ServerController::class, 'dump']);
Route::any('input', [ServerController::class, 'input']);
Route::post('upload', [ServerController::class, 'upload']);
Route::get('random', [ServerController::class, 'random']);
Route::get('process', [ServerController::class, 'process']);
Route::get('native-session', [ServerController::class, 'nativeSession']);

Route::get('echo', [OutputController::class, 'echo']);
Route::get('return', [OutputController::class, 'return']);
Route::get('both', [OutputController::class, 'both']);
Route::get('both-json', [OutputController::class, 'bothJson']);
Route::get('open-buffers', [OutputController::class, 'openBuffers']);
Route::get('echo-flush', [OutputController::class, 'echoFlush']);
Route::get('stream', [OutputController::class, 'stream']);
Route::get('stream-echo', [OutputController::class, 'streamAfterEcho']);
Route::get('big', [OutputController::class, 'big']);
Route::get('file', [OutputController::class, 'file']);
Route::get('file-echo', [OutputController::class, 'fileAfterEcho']);
Route::get('headers', [OutputController::class, 'headers']);
Route::get('cookies', [OutputController::class, 'cookies']);
Route::get('status/{code}', [OutputController::class, 'status'])->where('code', '[0-9]+');
Route::get('view', [OutputController::class, 'view']);

Route::get('exit', [EndController::class, 'exit']);
Route::get('exit-middleware', [OutputController::class, 'return'])->middleware(ExitHere::class);
Route::get('exit-shutdown', [EndController::class, 'exitInShutdown']);
Route::get('exit-deep', [EndController::class, 'exitDeep']);
Route::get('dd', [EndController::class, 'dump']);
Route::get('shutdown', [EndController::class, 'shutdown']);
Route::get('exception', [EndController::class, 'exception']);
Route::get('type-error', [EndController::class, 'typeError']);
Route::get('terminate', [OutputController::class, 'return'])->middleware('slow.terminate');
Route::get('terminate-throws', [EndController::class, 'terminateThrows']);
Route::get('finish-early', [EndController::class, 'finishEarly']);
Route::get('early-hints', [EndController::class, 'earlyHints']);

Route::get('memory', [LimitController::class, 'memory']);
Route::get('loop', [LimitController::class, 'loop']);
Route::get('fatal', [LimitController::class, 'fatal']);
Route::get('slow', [LimitController::class, 'slow']);
Route::get('until-abort', [LimitController::class, 'untilAbort']);

Route::get('leave-traces', [IsolationController::class, 'leave']);
Route::get('traces', [IsolationController::class, 'read']);
Route::get('holder', [IsolationController::class, 'holder']);
Route::get('transaction', [IsolationController::class, 'transaction']);
Route::get('after-commit', [IsolationController::class, 'afterCommit']);
Route::get('tenant', [IsolationController::class, 'tenant']);
Route::get('locale', [IsolationController::class, 'locale']);
Route::get('note-events', [IsolationController::class, 'noteEvents']);
Route::get('counter', CounterController::class);

Route::middleware('web')->group(static function (): void {
    Route::get('login', [AuthTestController::class, 'login']);
    Route::get('whoami', [AuthTestController::class, 'whoami']);
    Route::get('session', [AuthTestController::class, 'session']);
    Route::get('web/leave-traces', [IsolationController::class, 'leave']);
    Route::get('web/traces', [IsolationController::class, 'read']);
});
Route::get('token', [AuthTestController::class, 'whoami'])->middleware(['api', 'auth:api']);
