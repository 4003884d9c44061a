<?php

declare(strict_types=1);

/* Only with TEST_ROUTES=true: the routes of the tests of a hosted application. */

use App\Http\Controllers\HostedController;
use Illuminate\Support\Facades\Route;

Route::post('code', [HostedController::class, 'code']);
Route::get('state', [HostedController::class, 'state']);

// The paths of WebSockets: with a session and a user, with a session, with nothing.
Route::get('ws', [HostedController::class, 'ws'])->middleware(['web', 'auth']);
Route::get('ws-session', [HostedController::class, 'ws'])->middleware('web');
Route::get('ws-plain', [HostedController::class, 'ws']);
Route::get('ws-dies', static fn () => exit('no WebSocket here'));
Route::get('ws-fails', static fn () => throw new RuntimeException('the route fails'));
Route::get('session', [HostedController::class, 'session'])->middleware('web');
