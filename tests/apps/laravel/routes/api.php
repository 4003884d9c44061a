<?php

declare(strict_types=1);

use App\Http\Controllers\ApiController;
use Illuminate\Support\Facades\Route;

Route::get('hello', [ApiController::class, 'hello']);
Route::get('notes', [ApiController::class, 'notes']);
Route::get('me', [ApiController::class, 'me'])->middleware('auth:api');
Route::match(['post', 'put', 'patch', 'delete'], 'echo', [ApiController::class, 'echo']);
