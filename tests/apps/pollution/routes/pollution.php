<?php

declare(strict_types=1);

use App\Http\Controllers\PollutionController;
use Illuminate\Support\Facades\Route;

Route::get('pollutions', [PollutionController::class, 'index']);
Route::get('pollute/{name}', [PollutionController::class, 'pollute']);
Route::get('probe/{name}', [PollutionController::class, 'probe']);
